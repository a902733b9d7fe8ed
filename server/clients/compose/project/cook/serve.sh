#!/bin/sh
echo "cooking $DISH"
echo "$DISH from $(hostname)" >/dishes/index.html
exec httpd -f -p 8000 -h /dishes
