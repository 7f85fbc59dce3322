#!/usr/bin/env bash
# Builds the router image of harness/devices/qemu-debian.toml from Debian packages: a kernel, and
# an initramfs with busybox, a DHCPv6 client, dnsmasq, nftables, ppp and rp-pppoe. No privileges are
# needed.
#
# The programs are those installed on this machine, with the libraries they are linked to; the
# kernel is downloaded, since an ordinary user may not read an installed one everywhere.
set -euo pipefail
out=$(cd "$(dirname "$0")" && pwd)/debian
PATH=$PATH:/usr/sbin:/sbin

# Program and Debian package.
programs=(
    "busybox busybox-static" "dash dash" "ip iproute2" "tc iproute2" "sysctl procps"
    "dnsmasq dnsmasq-base" "dhcp6c wide-dhcpv6-client" "nft nftables" "pppd ppp" "modprobe kmod"
    "pppoe pppoe" "pppoe-server pppoe"
)
# What a router's kernel loads, with what each depends on.
modules=(
    virtio_pci virtio_net virtio_blk virtio_rng e1000
    8021q bridge ip6_tunnel sit pppoe ppp_async
    nf_tables nft_ct nft_masq nft_chain_nat nft_fib_inet nft_reject_inet
)

missing=()
for row in "${programs[@]}" "xz xz-utils" "dpkg-deb dpkg" "apt-get apt" "ldd libc-bin"; do
    command -v "${row% *}" >/dev/null || missing+=("${row#* }")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "the image is made of programs that are not installed here:" >&2
    echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-\)/\1/p' | head -1)
if ! apt-get download -qq -o APT::Sandbox::User=root "$kernel"; then
    echo "cannot download the kernel; \`sudo apt-get update\` brings the package lists up to date" >&2
    exit 1
fi
version=${kernel#linux-image-}
mkdir kernel
dpkg-deb --fsys-tarfile "$kernel"_*.deb |
    tar -x -C kernel --wildcards "./boot/vmlinuz-*" "./lib/modules/*/kernel/*" "./lib/modules/*/modules.*"

# Unpacking the kernel takes QEMU's emulation seconds at each boot, and this machine one.
offset=$(LC_ALL=C grep -abo -m1 $'\xFD7zXZ' "kernel/boot/vmlinuz-$version" | head -1 | cut -d: -f1)
tail -c +$((offset + 1)) "kernel/boot/vmlinuz-$version" | xz -dcq --single-stream >vmlinux || true
if [ "$(head -c 4 vmlinux)" != $'\x7fELF' ]; then
    echo "$kernel holds no kernel that is packed with xz" >&2
    exit 1
fi

mkdir -p root/{dev,etc/ppp,proc,root,run,sys,tmp,usr/{bin,sbin,lib,lib64},var/lib/{dhcpv6,misc}}
for place in bin sbin lib lib64; do
    ln -s "usr/$place" "root/$place"
done
depmod -b kernel "$version"
# Some are built into the kernel, and have no file.
for module in "${modules[@]}"; do
    modprobe -d kernel -S "$version" --show-depends "$module" | sed -n 's/^insmod //p'
done | sort -u | while read -r file; do
    target=root/${file#"$work/kernel/"}
    mkdir -p "$(dirname "$target")"
    cp "$file" "$target"
done
cp "kernel/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "root/lib/modules/$version/"
depmod -b root "$version"

# Links first: a program of its own takes the place of busybox's.
for applet in $(busybox --list); do
    ln -s busybox "root/usr/bin/$applet"
done
put() {
    rm -f "root$1"
    mkdir -p "root$(dirname "$1")"
    cp -L "$1" "root$1"
    # A static program has no libraries, and ldd says so with an error.
    { ldd "$1" 2>/dev/null || true; } | { grep -o '/[^ ]*' || true; } | while read -r library; do
        mkdir -p "root$(dirname "$library")"
        cp -Ln "$library" "root$library"
    done
}
for row in "${programs[@]}"; do
    put "$(command -v "${row% *}")"
done
put /usr/lib/pppd/*/pppoe.so
# busybox's shell would run its own `ip`, and the kernel calls /sbin/modprobe.
ln -sf dash root/usr/bin/sh
[ -e root/usr/sbin/modprobe ] || ln -s ../bin/modprobe root/usr/sbin/modprobe

echo 'root::0:0:root:/root:/bin/sh' >root/etc/passwd
echo 'root:x:0:' >root/etc/group
echo router >root/etc/hostname
cat >root/init <<'END'
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
mkdir -p /dev/pts
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devpts pts /dev/pts
mount -t tmpfs -o size=16m run /run
hostname -F /etc/hostname
for module in virtio_pci virtio_net virtio_blk e1000; do
    modprobe -q "$module"
done
ip link set lo up
echo "the image has booted"
while :; do
    getty -L 115200 console vt100
done
END
chmod 755 root/init

mkdir -p "$out"
(cd root && find . | sort | busybox cpio -o -H newc -R 0:0 --quiet) >"$out/initramfs.cpio.new"
mv "$out/initramfs.cpio.new" "$out/initramfs.cpio"
mv vmlinux "$out/vmlinux"
echo "$out: $kernel, initramfs of $(du -h "$out/initramfs.cpio" | cut -f1)"
