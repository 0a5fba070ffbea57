#ifndef PROVOST_AUDIT_FACT_RECORDS_H_
#define PROVOST_AUDIT_FACT_RECORDS_H_

#include "audit/record_line.h"
#include "base/call_facts.h"

namespace provost {

// CONTAINER_ID records: of the task itself (`contid=5`), of each task the call is about (`contid=7
// opid=1234`), and of all who share a network call's namespace (`contid=5,7,9 op=net`). The type is
// the one proposed to the kernel. No reader knows it: auparse(3) up to 4.0 takes a record of an
// unknown type for an event of its own, and ends the event that it stands in. So these come before
// the event's first record, where they cut nothing off.
void AppendContainerIds(const CallFacts& facts, const EventLines& lines);

// Whom the call is about: SOCKADDR, and OBJ_PID for each task. They stand between SECCOMP and
// SYSCALL: auparse(3) looks for them in the event's second record, where the kernel, whose events
// begin with SYSCALL, has them, and otherwise has ausearch(8) say "connected-to x86_64".
void AppendPeers(const CallFacts& facts, const EventLines& lines);

// The records that stand between SYSCALL and PROCTITLE, in their order: EXECVE; TIME_INJOFFSET, and
// TIME_ADJNTPVAL for each value; CWD, and PATH for each path. Formats are those of
// kernel/auditsc.c (audit_log_exit). All of these only where there is something to say.
void AppendFactRecords(const CallFacts& facts, const EventLines& lines);

}  // namespace provost

#endif  // PROVOST_AUDIT_FACT_RECORDS_H_
