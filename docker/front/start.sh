#!/bin/sh
# Makes every address of this network namespace local, has every TCP connection arrive at the front, and then drops
# all privileges: the front runs as a plain user. The resync containers, which share the namespace, start afterwards.
set -eu
# The connected network keeps its route, and with it WireMock and the Port mock their addresses.
ip route replace local default dev lo table main
if [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6 2>/dev/null || echo 1)" = 0 ]; then
    ip -6 route add local default dev lo
fi
nft -f - <<NFT || { echo "front: no nf_tables in this kernel: only ports 80 and 443 are answered" >&2; export FRONT_DIRECT="80 443"; }
table inet front {
    chain output {
        type nat hook output priority -100;
        ip daddr { 127.0.0.0/8, $FRONT_NETWORK } return
        ip6 daddr ::1 return
        tcp dport 53 return
        meta l4proto tcp redirect to :15001
    }
    # By no other interface, nor by link-local and multicast addresses, which need no route, does anything leave.
    chain leaving {
        type filter hook output priority 0;
        oifname "lo" accept
        ip daddr $FRONT_NETWORK accept
        reject
    }
}
NFT
echo 'nameserver 127.0.0.1' > /etc/resolv.conf
exec setpriv --reuid=front --regid=front --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
    /opt/front/venv/bin/python -m front
