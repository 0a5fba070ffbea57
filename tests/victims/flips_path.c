// flips_path WAY CALL TRIES: while CALL asks for a path that is allowed and one that is not in turn
// stands there, as a second user of the memory writes them (WAY: thread, vfork, clone_vm, shared),
// counts how often the refused one was opened, and prints it.
//
// CALL: open, open_i386 … is by the build; openat2, connect.
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) { return 0; }
