#ifndef PROVOST_TOOLS_CLI_COMMAND_LINE_H_
#define PROVOST_TOOLS_CLI_COMMAND_LINE_H_

#include <string>
#include <vector>

namespace provost {

// The words that this process was started with, without what tells it to go on with a run (--resume
// and the like, right behind the command): what another program that goes on with it begins with.
std::vector<std::string> OwnCommandLine();

// `words` with `option` and a descriptor right behind the command.
std::vector<std::string> WithDescriptor(std::vector<std::string> words, const std::string& option,
                                        int fd);

// As execve(2) takes them; good as long as `words` is.
std::vector<char*> Pointers(std::vector<std::string>& words);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_COMMAND_LINE_H_
