#include "audit/record_line.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>
#include <string>

#include "audit/id_names.h"
#include "audit/socket_address.h"
#include "audit/untrusted.h"
#include "syscalls/sub_calls.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr char kSeparator = '\x1d';  // AUDIT_INTERP_SEPARATOR
constexpr size_t kMaxNode = 64;

char* Copy(absl::string_view text, char* to) { return std::copy(text.begin(), text.end(), to); }

// What i386's socketcall and ipc are about is in their first argument: "socketcall(connect)".
const SubCall* FindSubCall(const Syscall& call, const SyscallRequest& request) {
  for (const SubCall& sub : SubCalls()) {
    if (sub.multiplexer->nr != call.nr) continue;
    if (sub.code == static_cast<uint32_t>(request.args[0])) return &sub;
  }
  return nullptr;
}

void AppendCallName(const SyscallRequest& request, std::string& out) {
  const Syscall* const call = SyscallTable::Get().Find(request);
  if (call == nullptr) {
    absl::StrAppend(&out, "unknown-syscall(", request.nr, ")");
    return;
  }
  absl::StrAppend(&out, call->signature->name);
  if (call->arch != Arch::kI386) return;
  if (const SubCall* const sub = FindSubCall(*call, request)) {
    absl::StrAppend(&out, "(", sub->syscall.signature->name, ")");
  }
}

}  // namespace

EventLines::EventLines(const EventStamp& stamp, const EventFormat& format, std::string& out)
    : enriched_(format.kind == EventFormat::Kind::kEnriched), out_(out) {
  node_ = format.node;
  if (!IsQuotable(node_) || node_.size() > kMaxNode) {
    odd_node_ = std::string(node_.substr(0, kMaxNode));
    std::replace_if(
        odd_node_.begin(), odd_node_.end(),
        [](const char& c) { return !IsQuotable(absl::string_view(&c, 1)); }, '_');
    node_ = odd_node_;
  }
  char* to = Copy(" msg=audit(", stamp_);
  char* const end = std::end(stamp_);
  to = std::to_chars(to, end, stamp.seconds).ptr;
  const int milliseconds = std::clamp(stamp.milliseconds, 0, 999);
  *to++ = '.';
  for (const int unit : {100, 10, 1}) *to++ = static_cast<char>('0' + milliseconds / unit % 10);
  *to++ = ':';
  to = std::to_chars(to, end, stamp.serial).ptr;
  to = Copy("): ", to);
  stamp_size_ = to - stamp_;
}

void EventLines::Begin(absl::string_view type) const {
  if (!node_.empty()) absl::StrAppend(&out_, "node=", node_, " ");
  absl::StrAppend(&out_, "type=", type, absl::string_view(stamp_, stamp_size_));
}

template <typename Append>
void RecordLine::Name(absl::string_view field, const Append& append) {
  if (!lines_.enriched()) return;
  const size_t before = out().size();
  out().push_back(names_ == 0 ? kSeparator : ' ');
  Add(field, "=");
  append(out());
  if (out().size() - start_ > kMaxRecord) {
    out().resize(before);
  } else {
    ++names_;
  }
}

void RecordLine::NameUser(absl::string_view field, uint32_t uid) {
  Name(field, [uid](std::string& out) { AppendUserName(uid, out); });
}

void RecordLine::NameGroup(absl::string_view field, uint32_t gid) {
  Name(field, [gid](std::string& out) { AppendGroupName(gid, out); });
}

void RecordLine::NameArch(uint32_t arch) {
  Name("ARCH", [arch](std::string& out) {
    for (const Arch known : kAllArches) {
      if (static_cast<uint32_t>(known) == arch) return absl::StrAppend(&out, ArchName(known));
    }
    absl::StrAppend(&out, "unknown-elf-type(", absl::Hex(arch), ")");
  });
}

void RecordLine::NameCall(const SyscallRequest& request) {
  Name("SYSCALL", [&request](std::string& out) { AppendCallName(request, out); });
}

void RecordLine::NameAddress(absl::string_view sockaddr) {
  Name("SADDR", [sockaddr](std::string& out) { AppendSocketAddressText(sockaddr, out); });
}

}  // namespace provost
