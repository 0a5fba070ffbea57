#ifndef PROVOST_EMULATE_PROVIDED_FILES_H_
#define PROVOST_EMULATE_PROVIDED_FILES_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "emulate/handler.h"

namespace provost {

// Files that programs find with other contents: calls that open them open a copy. Those stand in a
// directory of their own below that of temporary files, readable by everybody, from the first
// opening until this is gone. Not thread-safe.
class ProvidedFiles {
 public:
  ProvidedFiles() = default;
  ~ProvidedFiles();
  ProvidedFiles(const ProvidedFiles&) = delete;
  ProvidedFiles& operator=(const ProvidedFiles&) = delete;

  // `path` is absolute and as the kernel would resolve it.
  void Add(std::string path, std::string contents);
  bool empty() const { return files_.empty(); }

  // The calls that open files.
  static const std::vector<std::string>& Calls();
  // What becomes of one of them: it opens the copy if it is for one of the files and does not
  // write, and runs as it is if not. EACCES: the file is one of them, and is to be written.
  Reaction OnCall(const EmulatedCall& call);

 private:
  struct File {
    std::string contents;
    std::string copy;  // where it stands; "" before it does
  };

  // The file that the call opens; null: none of these.
  File* FileOf(const EmulatedCall& call, size_t path_argument);
  absl::StatusOr<std::string> CopyOf(File& file);

  std::map<std::string, File, std::less<>> files_;
  std::string directory_;  // "" before there is one
};

}  // namespace provost

#endif  // PROVOST_EMULATE_PROVIDED_FILES_H_
