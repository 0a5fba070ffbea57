#include "tools/cli/command_line.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace provost {

std::vector<std::string> OwnCommandLine() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\0', at);
    words.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  if (words.size() > 3 && (words[2] == "--resume" || words[2] == "--adopt")) {
    words.erase(words.begin() + 2, words.begin() + 4);
  }
  return words;
}

std::vector<std::string> WithDescriptor(std::vector<std::string> words, const std::string& option,
                                        int fd) {
  const auto behind = words.begin() + (words.size() < 2 ? 0 : 2);
  words.insert(behind, {option, absl::StrCat(fd)});
  return words;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace provost
