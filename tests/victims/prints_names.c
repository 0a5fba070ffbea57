// Prints each field that uname(2), and to 32-bit programs olduname and oldolduname, say of the
// system, a line each: "CALL FIELD". With an argument it takes on that personality(2) before.
#include <sys/personality.h>
#include <sys/utsname.h>

#include "victim.h"

static void Print(const char* call, const char* fields, int count, int width) {
  for (int i = 0; i < count; ++i) printf("%s %s\n", call, fields + i * width);
}

int main(int argc, char** argv) {
  char fields[sizeof(struct utsname)];
  if (argc > 1) EXPECT(personality(strtoul(argv[1], NULL, 0)) != -1);
  EXPECT_EQ(syscall(SYS_uname, fields), 0);
  Print("uname", fields, 6, 65);
#ifdef __i386__
  EXPECT_EQ(syscall(SYS_olduname, fields), 0);
  Print("olduname", fields, 5, 65);
  EXPECT_EQ(syscall(SYS_oldolduname, fields), 0);
  Print("oldolduname", fields, 5, 9);
#endif
  EXPECT_EQ(syscall(SYS_uname, NULL), -1);
  EXPECT_EQ(errno, EFAULT);
  return 0;
}
