#ifndef PROVOST_EMULATE_PATHS_SOCKETS_H_
#define PROVOST_EMULATE_PATHS_SOCKETS_H_

#include "emulate/handler.h"
#include "emulate/paths_mapper.h"

namespace provost {

// The names of AF_UNIX sockets: bind(2), connect(2), sendto(2), sendmsg(2).
Reaction MapSentName(PathMapper& mapper, const EmulatedCall& call);
// The other way: accept(2), getsockname(2), getpeername(2), recvfrom(2),
// recvmsg(2).
Reaction MapReceivedName(const PathMapper& mapper, const EmulatedCall& call);
// Those by way of socketcall(2).
Reaction MapSocketcall(PathMapper& mapper, const EmulatedCall& call);

}  // namespace provost

#endif  // PROVOST_EMULATE_PATHS_SOCKETS_H_
