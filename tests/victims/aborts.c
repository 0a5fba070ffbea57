// The program itself dies by abort(3).
#include <sys/resource.h>

#include "victim.h"

int main(void) {
  struct rlimit none = {0, 0};
  EXPECT_EQ(setrlimit(RLIMIT_CORE, &none), 0);
  abort();
}
