#ifndef PROVOST_AUDIT_FACT_RECORDS_H_
#define PROVOST_AUDIT_FACT_RECORDS_H_

#include "audit/record_line.h"
#include "base/call_facts.h"

namespace provost {

// The records that stand between SYSCALL and PROCTITLE, in their order:
//   CONTAINER_ID of the task itself
//   SOCKADDR, CONTAINER_ID of all who share the network namespace
//   OBJ_PID for each task the call is about, each followed by its CONTAINER_ID
//   TIME_INJOFFSET, TIME_ADJNTPVAL for each value
//   CWD, PATH for each path
// Each only where there is something to say. Formats are those of kernel/auditsc.c
// (audit_log_exit), that of CONTAINER_ID is the one proposed for it.
void AppendFactRecords(const CallFacts& facts, const EventLines& lines);

}  // namespace provost

#endif  // PROVOST_AUDIT_FACT_RECORDS_H_
