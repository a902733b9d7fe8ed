#!/usr/bin/env bash
# Keeps learners' containers off this machine and off what lies around it. Without it every service that
# listens on all of the machine's addresses (SSH, say) can be reached from a container by its network's
# gateway address, and with `egress = on` so can the machine's own network and a cloud's metadata service,
# which gives out the machine's credentials. And no sandbox floods what others need too: the line out, and the
# kernel's table of connections, which all of the machine share.
# The rules are the kernel's and go with a reboot: each set-up looks for them again.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The gateway gives each sandbox network a bridge of this name, and one without a way out one of the second
# (networks/make.rs).
BRIDGES=lb+
INTERNAL_BRIDGES=lbi+
# What a container asks of this machine, and what it asks of others through it.
HOST_CHAIN=LUNCHBOX-HOST
OUT_CHAIN=LUNCHBOX-OUT
# In a table that the engine doesn't touch: how many connections it begins, with whomever; what goes beyond its
# bridge; and the mark of what goes where it may not.
NEW_CHAIN=LUNCHBOX-NEW
GUARD_CHAIN=LUNCHBOX-GUARD
# In a third: what the kernel keeps no record of.
RAW_CHAIN=LUNCHBOX-RAW
GUARD_MARK=0x4c42
# Of these addresses as one: those of a sandbox network (NETWORK_PREFIX_LENGTH in the gateway's limits.rs).
LIMIT_MASK=26
# Connections that one network begins beyond itself: so many a second, and so many at once after a pause. The kernel
# remembers one that nobody answers for two minutes (of 262,144 that most machines have): 29,000 at most.
NEW_A_SECOND=200
NEW_AT_ONCE=5000
# Those that it has open at once.
OPEN_AT_ONCE=2000
# Packets that one network sends beyond its bridge. TCP paces itself: a gigabit needs some 2,000 a second to be sent
# (the kernel sends 64 KiB as one) and fewer than 20,000 answers to be received.
TCP_PACKETS_A_SECOND=20000
TCP_PACKETS_AT_ONCE=40000
# All else (names, QUIC, games): 2,000 full ones are 24 megabits a second.
OTHER_PACKETS_A_SECOND=2000
OTHER_PACKETS_AT_ONCE=4000
# Link-local addresses (a cloud's metadata) and those of private networks: RFC 3927, 1918, 6598; and the
# metadata addresses of clouds that use others.
PRIVATE="10.0.0.0/8 172.16.0.0/12 192.168.0.0/16"
NOT_THE_INTERNET="169.254.0.0/16 $PRIVATE 100.64.0.0/10 168.63.129.16/32"

# The engine's place for rules that come before its own; without one, before all of them.
forward_chain() { if as_root iptables -w -n -L DOCKER-USER >/dev/null 2>&1; then echo DOCKER-USER; else echo FORWARD; fi; }

# limit NAME A_SECOND AT_ONCE: sets LIMIT to what drops packets of one network beyond that. NAME is in
# /proc/net/ipt_hashlimit, where doctor looks. Who sends nothing is remembered until they have earned all of AT_ONCE
# again: by itself the kernel forgets after a second, and a pause would be worth as many at once anew.
limit() {
  LIMIT=(-m hashlimit --hashlimit-name "$1" --hashlimit-mode srcip --hashlimit-srcmask "$LIMIT_MASK"
    --hashlimit-htable-expire "$(($3 * 1000 / $2 + 1000))" --hashlimit-above "$2/second" --hashlimit-burst "$3" -j DROP)
}

# each_limit A|C: appends each limit to its chain, or checks that it is there.
each_limit() {
  limit lunchbox-new "$NEW_A_SECOND" "$NEW_AT_ONCE"
  as_root iptables -w -t mangle "-$1" "$NEW_CHAIN" -m conntrack --ctstate NEW "${LIMIT[@]}" 2>/dev/null || return 1
  as_root iptables -w -t mangle "-$1" "$GUARD_CHAIN" -m conntrack --ctstate NEW -m connlimit --connlimit-saddr \
    --connlimit-mask "$LIMIT_MASK" --connlimit-above "$OPEN_AT_ONCE" -j DROP 2>/dev/null || return 1
  limit lunchbox-tcp "$TCP_PACKETS_A_SECOND" "$TCP_PACKETS_AT_ONCE"
  as_root iptables -w -t mangle "-$1" "$GUARD_CHAIN" -p tcp "${LIMIT[@]}" 2>/dev/null || return 1
  limit lunchbox-other "$OTHER_PACKETS_A_SECOND" "$OTHER_PACKETS_AT_ONCE"
  as_root iptables -w -t mangle "-$1" "$GUARD_CHAIN" ! -p tcp "${LIMIT[@]}" 2>/dev/null || return 1
  each_untracked "$1"
}

# each_untracked A|C: the same for what the kernel shall keep no record of: what stays on a bridge. Established connections
# stay in its table for five days, also when both containers are gone without a word (as `docker network disconnect`
# makes them), and a table that is full takes no new ones of anybody's. Networks without a way out ask nobody else; the
# others ask name servers in private networks, and nobody else there.
each_untracked() {
  local block rule=(as_root iptables -w -t raw "-$1" "$RAW_CHAIN")
  {
    "${rule[@]}" -m addrtype --dst-type LOCAL -j RETURN &&
      "${rule[@]}" -i "$INTERNAL_BRIDGES" -j CT --notrack &&
      "${rule[@]}" -p udp --dport 53 -j RETURN &&
      "${rule[@]}" -p tcp --dport 53 -j RETURN
  } 2>/dev/null || return 1
  for block in $PRIVATE; do
    "${rule[@]}" -s "$block" -d "$block" -j CT --notrack 2>/dev/null || return 1
  done
  as_root iptables -w -t raw -C PREROUTING -i "$BRIDGES" -j "$RAW_CHAIN" 2>/dev/null ||
    { [ "$1" = A ] && as_root iptables -w -t raw -I PREROUTING -i "$BRIDGES" -j "$RAW_CHAIN"; }
}

# in_place IPTABLES: is the chain there, and does INPUT go to it?
in_place() {
  as_root "$1" -w -C INPUT -i "$BRIDGES" -j "$HOST_CHAIN" 2>/dev/null &&
    as_root "$1" -w -C "$HOST_CHAIN" -j REJECT 2>/dev/null
}

# each_network A|C TABLE CHAIN TARGET…: appends what becomes of packets to each network that is not the internet, or
# checks that it is there. Names are looked up wherever this machine looks them up, which may be in its own network:
# but not of a link-local address.
each_network() {
  local network protocol
  local rule=(as_root iptables -w -t "$2" "-$1" "$3")
  shift 3
  for network in $NOT_THE_INTERNET; do
    if [ "$network" != 169.254.0.0/16 ]; then
      for protocol in udp tcp; do
        "${rule[@]}" -d "$network" -p "$protocol" --dport 53 -j RETURN || return 1
      done
    fi
    "${rule[@]}" -d "$network" "$@" || return 1
  done
}

out_in_place() {
  local from
  from=$(forward_chain)
  ! each_stray C "$from" || return 1
  as_root iptables -w -C "$from" -i "$BRIDGES" ! -o "$BRIDGES" -j "$OUT_CHAIN" 2>/dev/null || return 1
  each_network C filter "$OUT_CHAIN" -j REJECT 2>/dev/null
}

# Answers to what the server itself asks of a container (previews, published ports) come in; nothing
# that a container begins does. Refused, not dropped: who tries is told at once, and waits for nothing.
put_in_place() {
  local tool=$1
  as_root "$tool" -w -N "$HOST_CHAIN" 2>/dev/null || as_root "$tool" -w -F "$HOST_CHAIN"
  as_root "$tool" -w -A "$HOST_CHAIN" -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
  as_root "$tool" -w -A "$HOST_CHAIN" -j REJECT
  as_root "$tool" -w -C INPUT -i "$BRIDGES" -j "$HOST_CHAIN" 2>/dev/null ||
    as_root "$tool" -w -I INPUT -i "$BRIDGES" -j "$HOST_CHAIN"
}

# Sandbox networks have no IPv6.
put_out_in_place() {
  local from
  from=$(forward_chain)
  as_root iptables -w -N "$OUT_CHAIN" 2>/dev/null || as_root iptables -w -F "$OUT_CHAIN"
  each_network A filter "$OUT_CHAIN" -j REJECT
  as_root iptables -w -C "$from" -i "$BRIDGES" ! -o "$BRIDGES" -j "$OUT_CHAIN" 2>/dev/null ||
    as_root iptables -w -I "$from" -i "$BRIDGES" ! -o "$BRIDGES" -j "$OUT_CHAIN"
  each_stray D "$from" || true
  if as_root iptables -w -F "$NEW_CHAIN" 2>/dev/null; then as_root iptables -w -X "$NEW_CHAIN"; fi
}

# each_guard A|C: appends each jump to what guards where it isn't there, or checks that it is. Whenever the engine makes
# a network it takes its jumps to DOCKER-USER and to what keeps networks apart out and puts them back, and what comes in
# between would pass: to private networks, uncounted, and to another learner's containers.
# - From one sandbox network to another nothing goes. What stays on a bridge comes by here, too, but isn't routed.
# - What goes to a network that is not the internet is marked, and dropped at the very end, so that the chain above has
#   said no by then wherever it was asked.
each_guard() {
  local rule mangle=(as_root iptables -w -t mangle)
  while read -ra rule; do
    "${mangle[@]}" -C "${rule[@]}" 2>/dev/null || { [ "$1" = A ] && "${mangle[@]}" -A "${rule[@]}"; } || return 1
  done <<RULES
INPUT -i $BRIDGES -j $NEW_CHAIN
FORWARD -i $BRIDGES -j $NEW_CHAIN
FORWARD -i $BRIDGES -o $BRIDGES -m physdev ! --physdev-is-bridged -j DROP
FORWARD -i $BRIDGES ! -o $BRIDGES -j $GUARD_CHAIN
POSTROUTING -m mark --mark $GUARD_MARK -j DROP
RULES
}

guard_in_place() {
  each_guard C && each_network C mangle "$GUARD_CHAIN" -j MARK --set-mark "$GUARD_MARK" 2>/dev/null
}

put_guard_in_place() {
  local chain
  for chain in "mangle $NEW_CHAIN" "mangle $GUARD_CHAIN" "raw $RAW_CHAIN"; do
    as_root iptables -w -t "${chain% *}" -N "${chain#* }" 2>/dev/null || as_root iptables -w -t "${chain% *}" -F "${chain#* }"
  done
  # Where the kernel has no such limit, main says so.
  each_limit A || true
  each_network A mangle "$GUARD_CHAIN" -j MARK --set-mark "$GUARD_MARK"
  each_guard A
}

# each_stray C|D CHAIN: is one of our jumps where an earlier set-up put it, and CHAIN is not, or takes them out of there.
# The engine may have got its DOCKER-USER since, and limits were in this table once: what passes both is counted twice.
each_stray() {
  local chain found=1
  for chain in INPUT FORWARD DOCKER-USER; do
    while as_root iptables -w "-$1" "$chain" -i "$BRIDGES" -j "$NEW_CHAIN" 2>/dev/null ||
      { [ "$chain" != "$2" ] && as_root iptables -w "-$1" "$chain" -i "$BRIDGES" ! -o "$BRIDGES" -j "$OUT_CHAIN" 2>/dev/null; }; do
      found=0
      [ "$1" = D ] || break
    done
  done
  return $found
}

rules() {
  put_in_place iptables
  put_out_in_place
  put_guard_in_place
  # A machine without IPv6 has nothing to guard there.
  [ ! -e /proc/net/if_inet6 ] || put_in_place ip6tables
}

main() {
  local name="Learners' containers can't reach this machine's services or its network, and flood nobody"
  case ${DOCKER_HOST:-unix://} in
    unix://*) ;;
    *) say "The engine is elsewhere ($DOCKER_HOST): run server/setup/firewall.sh there too, once."; return 0 ;;
  esac
  # iptables may be in a folder that only root's PATH has.
  PATH=$PATH:/usr/sbin:/sbin
  if ! can_be_root || ! have iptables; then
    say "Not set: rules that keep learners' containers off this machine's own services, and from flooding. As root: server/setup/firewall.sh"
    return 0
  fi
  if in_place iptables && out_in_place && guard_in_place && each_limit C && { [ ! -e /proc/net/if_inet6 ] || in_place ip6tables; }; then there "$name"; return 0; fi
  HINT="see that iptables works on this machine (lsmod, nft list ruleset); ./lunchbox doctor tests it." \
    step "$name" firewall rules
  each_limit C || say "But this machine's kernel can't limit packets and connections (xt_hashlimit, xt_connlimit, xt_CT): a container may flood what it reaches."
}

once_a_machine firewall main
