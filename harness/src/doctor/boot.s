# A boot sector that goes to long mode, as every 64-bit kernel does, and says so on the serial port.
#
# as -o boot.o boot.s && ld -m elf_x86_64 -Ttext 0x7c00 --oformat binary -o boot.bin boot.o

.intel_syntax noprefix
.code16
.globl _start
_start:
 cli
 xor ax, ax
 mov ds, ax
 mov es, ax
 mov di, 0x1000
 mov cx, 0x1800
 cld
 rep stosw
 mov dword ptr [0x1000], 0x2003
 mov dword ptr [0x2000], 0x3003
 mov dword ptr [0x3000], 0x0083
 mov eax, 0x1000
 mov cr3, eax
 mov eax, cr4
 or al, 0x20
 mov cr4, eax
 mov ecx, 0xc0000080
 rdmsr
 or ah, 1
 wrmsr
 lgdt [gdtr]
 mov eax, cr0
 or eax, 0x80000001
 mov cr0, eax
 .byte 0xea
 .word long
 .word 8
.code64
long:
 mov dx, 0x3f8
 mov esi, offset msg
1: lodsb
 test al, al
 jz 2f
 out dx, al
 jmp 1b
2: hlt
 jmp 2b
.balign 8
gdt: .quad 0
 .quad 0x00209a0000000000
gdtr: .word 15
 .long gdt
msg: .asciz "ngnlab in long mode"
.org 510
.word 0xaa55
