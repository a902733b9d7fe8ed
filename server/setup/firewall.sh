#!/usr/bin/env bash
# Keeps learners' containers off this machine: without it, every service that listens on all of the
# machine's addresses (SSH, say) can be reached from a container by its network's gateway address.
# The rules are the kernel's and go with a reboot: each set-up looks for them again.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The gateway gives each sandbox network a bridge of this name (networks/make.rs).
BRIDGES=lb+
CHAIN=LUNCHBOX-HOST

# in_place IPTABLES: is the chain there, and does INPUT go to it?
in_place() {
  as_root "$1" -w -C INPUT -i "$BRIDGES" -j "$CHAIN" 2>/dev/null &&
    as_root "$1" -w -C "$CHAIN" -j REJECT 2>/dev/null
}

# Answers to what the server itself asks of a container (previews, published ports) come in; nothing
# that a container begins does. Refused, not dropped: who tries is told at once, and waits for nothing.
put_in_place() {
  local tool=$1
  as_root "$tool" -w -N "$CHAIN" 2>/dev/null || as_root "$tool" -w -F "$CHAIN"
  as_root "$tool" -w -A "$CHAIN" -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
  as_root "$tool" -w -A "$CHAIN" -j REJECT
  as_root "$tool" -w -C INPUT -i "$BRIDGES" -j "$CHAIN" 2>/dev/null ||
    as_root "$tool" -w -I INPUT -i "$BRIDGES" -j "$CHAIN"
}

rules() {
  put_in_place iptables
  # A machine without IPv6 has nothing to guard there.
  [ ! -e /proc/net/if_inet6 ] || put_in_place ip6tables
}

main() {
  local name="Learners' containers can't reach this machine's services"
  case ${DOCKER_HOST:-unix://} in
    unix://*) ;;
    *) say "The engine is elsewhere ($DOCKER_HOST): run server/setup/firewall.sh there too, once."; return 0 ;;
  esac
  # iptables may be in a folder that only root's PATH has.
  PATH=$PATH:/usr/sbin:/sbin
  if ! can_be_root || ! have iptables; then
    say "Not set: a rule that keeps learners' containers off this machine's own services. As root: server/setup/firewall.sh"
    return 0
  fi
  if in_place iptables && { [ ! -e /proc/net/if_inet6 ] || in_place ip6tables; }; then there "$name"; return 0; fi
  HINT="see that iptables works on this machine (lsmod, nft list ruleset); ./lunchbox doctor tests it." \
    step "$name" firewall rules
}

once_a_machine firewall main
