#ifndef PROVOST_SUPERVISOR_CONTROL_REQUESTS_H_
#define PROVOST_SUPERVISOR_CONTROL_REQUESTS_H_

#include "nlohmann/json.hpp"
#include "supervisor/control_socket.h"
#include "supervisor/run_control.h"

namespace provost {

// What can be asked of a run, each a row of the table in the .cc file. A request is an object whose
// "request" names it, and whose other members are its arguments:
//
//   {"request":"status"}
//     "pid" (of the supervisor), "mode", "actions" (those that are recorded), "settable", "resumed"
//     and "upgrade-failure" (see "upgrade"), "generation" and "switching" (see "reload"), and
//     "processes": {"pid", "contid" (absent without one), "audited"} each. As long as nothing was
//     set all are alike, and "contid" and "audited" stand in place of "processes".
//   {"request":"set-actions-logged","actions":"kill_process trap"}
//     "old-actions", "unrecorded"
//   {"request":"set-audited","pid":4711,"audited":true}, or with "contid" in place of "pid"
//     "old-audited", "unrecorded"
//   {"request":"set-contid","pid":4711,"contid":7001}
//   {"request":"detach"}
//     What leaving the tree would mean: "rules", all that there are, and "traced", those of them
//     whose calls a released task can make no more; "harden", those of hardening
//   {"request":"detach","how":"kill"}, or "release" with, perhaps, "refuse":13
//     The tree is left (departure.h) as soon as this is answered.
//   {"request":"upgrade","binary":"/usr/bin/provost"}
//     "resumed": how many programs have gone on with the run so far. As soon as this is answered,
//     the supervisor executes that one if it can go on with the run. Who connects again and asks
//     for the status sees "resumed" rise, with "upgrade-failure" if it is the old program that went
//     on.
//   {"request":"reload","policies":[…],"files":["/etc/app.policy"],"statements":["deny EPERM bpf"]}
//     The run goes on under these policies: "policies" are their texts (PolicySource in
//     policy/parser.h, member by member), the others say where they come from. "generation": how
//     many reloads there were, this one too; "kept": what filters go on refusing though the
//     policies do not, {"rule", "verdict", "calls"} each. The tasks change over one by one: who
//     asks for the status sees "switching", how many are to come.
//
// The answer is an object with "ok": true and what stands under the request, or false and "error",
// which says why; nothing was changed then. "unrecorded" are the names of the rules whose decisions
// would be recorded now if they came to the supervisor, but the kernel answers them: see
// Options::settable. What was changed is on record before the answer.
//
// On the tracing thread.
nlohmann::json Answer(ControlledRun& run, const ControlRequest& request);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CONTROL_REQUESTS_H_
