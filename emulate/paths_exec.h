#ifndef PROVOST_EMULATE_PATHS_EXEC_H_
#define PROVOST_EMULATE_PATHS_EXEC_H_

#include "emulate/handler.h"
#include "emulate/paths_mapper.h"

namespace provost {

// execve(2) and execveat(2): the kernel would look up the interpreters of scripts and the dynamic
// loader in its own layout. Where that is another one, the kernel is asked for what it would have
// come to: the interpreter with the script as its argument, the loader with the program.
Reaction MapExec(PathMapper& mapper, const EmulatedCall& call);

}  // namespace provost

#endif  // PROVOST_EMULATE_PATHS_EXEC_H_
