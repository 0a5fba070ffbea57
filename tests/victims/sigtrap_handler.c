// SIGTRAP belongs to the program: by int3, by the trap flag, and by kill.
#include "victim.h"

static volatile int seen;
static volatile int last_code;

static void OnTrap(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  last_code = info->si_code;
  ++seen;
}

int main(void) {
  SetHandler(SIGTRAP, OnTrap, 0);
  for (int i = 0; i < 100; ++i) {
    __asm__ volatile("int3");
    EXPECT_EQ(seen, 3 * i + 1);
    EXPECT_EQ(last_code, SI_KERNEL);
    EXPECT_EQ(kill(getpid(), SIGTRAP), 0);
    EXPECT_EQ(seen, 3 * i + 2);
    EXPECT_EQ(last_code, SI_USER);
    raise(SIGTRAP);
    EXPECT_EQ(seen, 3 * i + 3);
    EXPECT_EQ(last_code, SI_TKILL);
  }
  Succeed();
}
