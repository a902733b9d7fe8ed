FROM alpine
LABEL made-by=other
CMD ["echo", "other"]
