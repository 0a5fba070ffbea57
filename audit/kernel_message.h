#ifndef PROVOST_AUDIT_KERNEL_MESSAGE_H_
#define PROVOST_AUDIT_KERNEL_MESSAGE_H_

#include <string>

#include "audit/event.h"

namespace provost {

// Appends one line: the event as the text of a user-space message to the kernel's audit
// (audit_log_user_message(3)), to which that call adds exe=, terminal= and res=. Time and serial
// are the kernel's own. The call stands there by its name (`call=openat`) and its outcome by that
// of its error: readers look for SYSCALL's `syscall=`, `arch=` and `exit=` in such a message too,
// and misread them there. What a task has a say in is quoted or hexed, so that it can end neither
// its field nor the message.
void AppendKernelMessage(const Event& event, std::string& out);

}  // namespace provost

#endif  // PROVOST_AUDIT_KERNEL_MESSAGE_H_
