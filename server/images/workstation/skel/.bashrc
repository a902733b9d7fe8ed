# Your own settings go here. (The ones of the workstation are in /etc/bash.bashrc.)
