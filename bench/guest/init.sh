#!/bin/busybox sh
# The guest's first process: the host's files, read-only, under the guest's own kernel; then the checks, then the end.
/bin/busybox --install -s /bin
export NO_COLOR=1
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
read -r project node pattern </settings/run
for module in $(cat /settings/modules); do insmod "/modules/$module.ko" || echo "guest: no $module"; done
mount -t configfs configfs /sys/kernel/config

ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2

mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /root
for folder in dev proc sys; do mount --move "/$folder" "/root/$folder"; done
mount -t tmpfs run /root/run
cp /modules/made_up_tee.ko /settings/told.json /bin/busybox /root/run/
cd /root
options="--conditions=src --liftoff-only --test-reporter=spec --test-timeout=900000 --test-name-pattern='$pattern'"
chroot /root /run/busybox sh -c "cd '$project' && exec '$node' $options bench/guest/inside.ts </dev/null"
echo "guest: exit $?"
/root/run/busybox poweroff -f
