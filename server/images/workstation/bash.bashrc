# The shell of a Lunchbox workstation. Yours to change in ~/.bashrc, which is kept.
[ -z "$PS1" ] && return

PS1='\[\e[1;36m\]\u@\h\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ '

# A long history that is written after each command, so that a lost line loses nothing.
HISTSIZE=10000
HISTFILESIZE=20000
HISTCONTROL=ignoreboth
# What the host has to say (that its disk fills, say), once, before the next prompt.
lunchbox_notice() {
  if [ /run/lunchbox/notice -nt /tmp/.lunchbox-notice ]; then
    cat /run/lunchbox/notice
    touch /tmp/.lunchbox-notice
  fi
}

# The page is told when the shell is at its prompt and when a command runs (OSC 133, as FinalTerm has it):
# a command that is clicked while another runs waits.
PROMPT_COMMAND='history -a; lunchbox_notice; printf "\e]133;A\a"'
PS0='\e]133;C\a'
shopt -s histappend checkwinsize

alias ls='ls --color=auto'
alias ll='ls -l'
alias grep='grep --color=auto'

if [ -r /usr/share/bash-completion/bash_completion ]; then
  . /usr/share/bash-completion/bash_completion
fi
