#include "emulate/ids_memory.h"

#include <sys/stat.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace provost {
namespace {

// The fields of a line, in their order, with their bases.
struct Field {
  const char* name;
  int base;
};
constexpr std::array<Field, 7> kFields = {
    {{"dev", 16}, {"ino", 10}, {"mode", 8}, {"uid", 10}, {"gid", 10}, {"nlink", 10}, {"rdev", 10}}};

absl::StatusOr<uint64_t> ParseField(const Field& field, absl::string_view text) {
  uint64_t number = 0;
  const absl::string_view all = text;
  const bool is_named = absl::ConsumePrefix(&text, absl::StrCat(field.name, "="));
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, field.base);
  if (!is_named || error != std::errc() || end != text.data() + text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", all, "` is no `", field.name, "=` with a number of base ", field.base));
  }
  return number;
}

// False if a file of one kind is never told as the other: devices, and what was a file before it
// became remembered as one, are regular files for the kernel.
bool MayBe(mode_t told, mode_t real) {
  if ((told & S_IFMT) == (real & S_IFMT)) return true;
  return S_ISREG(real) && (S_ISCHR(told) || S_ISBLK(told));
}

}  // namespace

bool FileMemory::KnowsBirth(const FileIdentity& identity, int64_t born) const {
  const auto found = files_.find(KeyOf(identity));
  return born != 0 && found != files_.end() && found->second.born == born;
}

FileOwner FileMemory::ShownOwner(FileOwner real) const {
  return {told_.uid == 0 || real.uid == real_.uid ? told_.uid : real.uid,
          told_.gid == 0 || real.gid == real_.gid ? told_.gid : real.gid};
}

FileStatus FileMemory::Shown(const FileStatus& real) {
  FileStatus shown = real;
  if (const RememberedFile* known = Find(real); known != nullptr) {
    shown.mode = known->mode;
    shown.uid = known->uid;
    shown.gid = known->gid;
    shown.device = known->device;
  } else {
    const FileOwner owner = ShownOwner({real.uid, real.gid});
    shown.uid = owner.uid;
    shown.gid = owner.gid;
  }
  return shown;
}

RememberedFile* FileMemory::Find(const FileStatus& real) {
  const auto found = files_.find(KeyOf(real.identity));
  if (found == files_.end()) return nullptr;
  RememberedFile& file = found->second;
  const bool is_another = file.born != 0 && real.born != 0 && file.born != real.born;
  if (is_another || !MayBe(file.mode, real.mode)) {
    files_.erase(found);
    return nullptr;
  }
  if (file.born == 0) file.born = real.born;
  file.links = real.links;
  return &file;
}

RememberedFile& FileMemory::Remember(const FileStatus& real) {
  if (RememberedFile* known = Find(real); known != nullptr) return *known;
  const FileOwner owner = ShownOwner({real.uid, real.gid});
  return files_[KeyOf(real.identity)] = {.mode = real.mode,
                                         .uid = owner.uid,
                                         .gid = owner.gid,
                                         .device = real.device,
                                         .links = real.links,
                                         .born = real.born,
                                         .attributes = {}};
}

std::string FileMemory::LineOf(const Key& key, const RememberedFile& file) {
  return absl::StrFormat("dev=%x,ino=%d,mode=%o,uid=%d,gid=%d,nlink=%d,rdev=%d", key.first,
                         key.second, file.mode, file.uid, file.gid, file.links, file.device);
}

std::string FileMemory::ToText() const {
  std::string text;
  for (const auto& [key, file] : files_) absl::StrAppend(&text, LineOf(key, file), "\n");
  return text;
}

absl::Status FileMemory::ParseLine(absl::string_view line, Key& key, RememberedFile& file) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ',');
  std::array<uint64_t, kFields.size()> numbers = {};
  if (fields.size() != kFields.size()) {
    return absl::InvalidArgumentError(
        "a line is `dev=…,ino=…,mode=…,uid=…,gid=…,nlink=…,rdev=…`, as `fakeroot -s` writes it");
  }
  for (size_t i = 0; i < kFields.size(); ++i) {
    PROVOST_ASSIGN_OR_RETURN(numbers[i], ParseField(kFields[i], fields[i]));
  }
  constexpr uint64_t kMost = UINT32_MAX;
  if (numbers[2] > kMost || (numbers[2] & S_IFMT) == 0 || numbers[3] >= kMost ||
      numbers[4] >= kMost) {
    return absl::InvalidArgumentError("a mode without a file's type, or an id above 4294967294");
  }
  key = {numbers[0], numbers[1]};
  file = {.mode = static_cast<mode_t>(numbers[2]),
          .uid = static_cast<uid_t>(numbers[3]),
          .gid = static_cast<gid_t>(numbers[4]),
          .device = numbers[6],
          .links = numbers[5],
          .attributes = {}};
  return absl::OkStatus();
}

absl::Status FileMemory::FromText(absl::string_view text) {
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    Key key;
    RememberedFile file;
    const absl::Status parsed = ParseLine(line, key, file);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(number, ": ", parsed.message()));
    }
    files_.insert_or_assign(key, std::move(file));
  }
  return absl::OkStatus();
}

// The line as above, then when it was born, then names and values of attributes, in hexadecimal.
std::string FileMemory::Save() const {
  std::string saved;
  for (const auto& [key, file] : files_) {
    absl::StrAppend(&saved, LineOf(key, file), " ", file.born);
    for (const auto& [name, value] : file.attributes) {
      absl::StrAppend(&saved, " ", absl::BytesToHexString(name), "=",
                      absl::BytesToHexString(value));
    }
    saved += "\n";
  }
  return saved;
}

absl::Status FileMemory::RestoreLine(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  Key key;
  RememberedFile file;
  PROVOST_RETURN_IF_ERROR(ParseLine(words[0], key, file));
  if (words.size() < 2 || !absl::SimpleAtoi(words[1], &file.born)) {
    return absl::InvalidArgumentError("a file without its birth");
  }
  for (size_t i = 2; i < words.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> both = absl::StrSplit(words[i], '=');
    file.attributes[absl::HexStringToBytes(both.first)] = absl::HexStringToBytes(both.second);
    has_attributes_ = true;
  }
  files_.insert_or_assign(key, std::move(file));
  return absl::OkStatus();
}

}  // namespace provost
