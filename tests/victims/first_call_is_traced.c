// The program's very first instruction makes a call that a tracer must answer: without one it
// would be ENOSYS. Built with -nostdlib.
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  movl $110, %eax\n"  // getppid
    "  syscall\n"
    "  movl $1, %edi\n"
    "  testq %rax, %rax\n"
    "  js exit\n"
    "  movl $1, %eax\n"  // write
    "  leaq line(%rip), %rsi\n"
    "  movl $13, %edx\n"
    "  syscall\n"
    "  xorl %edi, %edi\n"
    "exit:\n"
    "  movl $231, %eax\n"  // exit_group
    "  syscall\n"
    "  hlt\n"
    "line: .ascii \"EXIT-SUCCESS\\n\"\n");
