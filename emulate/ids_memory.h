#ifndef PROVOST_EMULATE_IDS_MEMORY_H_
#define PROVOST_EMULATE_IDS_MEMORY_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tracee/task_file.h"

namespace provost {

// What is told of a file in place of what is so.
struct RememberedFile {
  mode_t mode = 0;  // with its type
  uid_t uid = 0;
  gid_t gid = 0;
  dev_t device = 0;
  uint64_t links = 0;
  int64_t born = 0;  // of the file that it is about, as in FileStatus; 0: not known yet
  std::map<std::string, std::string> attributes;  // extended ones, xattr(7)
};

// What a tree has changed of files and the kernel has not: by device and inode, since a file may
// have many names. An inode's number may be given to another file when the first one is gone: what
// was born at another time, or is of a kind that could not be told as the one remembered, is not
// the one remembered. On one thread.
class FileMemory {
 public:
  // Files without memory belong to `told`: all of them if that is 0 (of each id by itself), else
  // those that belong to `real`.
  FileMemory(FileOwner told, FileOwner real) : told_(told), real_(real) {}

  bool empty() const { return files_.empty(); }
  bool Knows(const FileIdentity& identity) const { return files_.contains(KeyOf(identity)); }
  // True if what is known was born then, which is not 0.
  bool KnowsBirth(const FileIdentity& identity, int64_t born) const;
  void Clear() { files_.clear(); }
  void SetRealOwner(FileOwner real) { real_ = real; }

  FileOwner ShownOwner(FileOwner real) const;
  // What programs are told of the file. What was remembered of one that is gone is forgotten.
  FileStatus Shown(const FileStatus& real);
  // Null: nothing is remembered of it. Good until the memory changes.
  RememberedFile* Find(const FileStatus& real);
  // Begins with what is shown.
  RememberedFile& Remember(const FileStatus& real);
  void RememberAttribute(const FileStatus& real, const std::string& name, std::string value) {
    Remember(real).attributes[name] = std::move(value);
    has_attributes_ = true;
  }
  // False if no file has had an attribute yet.
  bool HasAttributes() const { return has_attributes_; }
  void Forget(const FileIdentity& identity) { files_.erase(KeyOf(identity)); }

  // As fakeroot's -s writes it: a line for each file, in order of devices and inodes, without
  // extended attributes.
  std::string ToText() const;
  // Takes in what ToText gave. kInvalidArgument begins with "LINE: ".
  absl::Status FromText(absl::string_view text);

  // All of it, in lines; and the other way round.
  std::string Save() const;
  absl::Status RestoreLine(absl::string_view line);

 private:
  using Key = std::pair<dev_t, ino_t>;
  static Key KeyOf(const FileIdentity& identity) { return {identity.device, identity.inode}; }
  static std::string LineOf(const Key& key, const RememberedFile& file);
  static absl::Status ParseLine(absl::string_view line, Key& key, RememberedFile& file);

  FileOwner told_;
  FileOwner real_;
  absl::btree_map<Key, RememberedFile> files_;
  bool has_attributes_ = false;
};

}  // namespace provost

#endif  // PROVOST_EMULATE_IDS_MEMORY_H_
