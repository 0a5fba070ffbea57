#include "audit/fact_records.h"

#include <netinet/in.h>
#include <sys/socket.h>

// Needs sa_family_t.
#include <linux/netlink.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "audit/untrusted.h"
#include "audit/wording.h"

namespace provost {
namespace {

// sockaddr_storage: the kernel takes no longer address.
constexpr size_t kMaxSockaddr = 128;
constexpr size_t kMaxComm = 15;
// PATH_MAX. In hex, and with every other field at its widest, still a record of 8,560 bytes.
constexpr size_t kMaxPath = 4096;
// Identifiers in one CONTAINER_ID: as many as fit it with all their digits.
constexpr size_t kMaxContids = 400;

// A path as the kernel can have been given it; what is longer is none.
void AppendPathName(const std::string& path, std::string& out) {
  if (path.size() > kMaxPath) {
    out += "\"<too_long>\"";
  } else {
    AppendUntrusted(path, out);
  }
}

// A number of Linux's has 12 bits of major and 20 of minor.
void AppendDevice(absl::string_view name, const PathFact::Device& device, std::string& out) {
  absl::StrAppend(&out, name, absl::Hex(device.major & 0xfff, absl::kZeroPad2), ":",
                  absl::Hex(device.minor & 0xfffff, absl::kZeroPad2));
}

void AppendInode(const PathFact::Inode& inode, std::string& out) {
  absl::StrAppend(&out, " inode=", inode.number);
  AppendDevice(" dev=", inode.device, out);
  out += " mode=";
  AppendMode(inode.mode, out);
  absl::StrAppend(&out, " ouid=", inode.uid, " ogid=", inode.gid);
  AppendDevice(" rdev=", inode.rdev, out);
}

void AppendCapabilitySet(absl::string_view name, uint64_t set, std::string& out) {
  if (set == 0) {
    absl::StrAppend(&out, name, "0");
  } else {
    absl::StrAppend(&out, name, absl::Hex(set, absl::kZeroPad16));
  }
}

// audit_log_name(), audit_log_fcaps().
void AppendPath(size_t item, const PathFact& path, const EventLines& lines) {
  RecordLine line(lines, "PATH");
  line.Add("item=", item, " name=");
  if (path.name) {
    AppendPathName(*path.name, line.out());
  } else {
    line.Add("(null)");
  }
  if (path.inode) AppendInode(*path.inode, line.out());
  const PathFact::Capabilities& capabilities = path.capabilities;
  line.Add(" nametype=", NameTypeName(path.name_type));
  AppendCapabilitySet(" cap_fp=", capabilities.permitted, line.out());
  AppendCapabilitySet(" cap_fi=", capabilities.inheritable, line.out());
  line.Add(" cap_fe=", capabilities.effective ? 1 : 0,
           " cap_fver=", absl::Hex(capabilities.version), " cap_frootid=", capabilities.root_id);
  if (path.inode) {
    line.NameUser("OUID", path.inode->uid);
    line.NameGroup("OGID", path.inode->gid);
  }
}

void AppendCwd(const std::string& cwd, const EventLines& lines) {
  const RecordLine line(lines, "CWD");
  line.Add("cwd=");
  AppendPathName(cwd, line.out());
}

// Readers drop a whole event from their summaries over an address that is shorter than they know
// its family's to be (parse_sockaddr in ausearch-parse.c). Such a one is filled up with zeros. The
// kernel takes of these only names of AF_UNIX, to which NULs add nothing, and IPv6 addresses
// without a scope (SIN6_LEN_RFC2133 in net/ipv6.h), which is 0 then; the others it refuses.
std::string Readable(absl::string_view address) {
  constexpr size_t kShortestUnix = 4;
  sa_family_t family = AF_UNSPEC;  // x86 is little-endian: half of it is the lower
  memcpy(&family, address.data(), std::min(address.size(), sizeof(family)));
  size_t least = 0;
  switch (family) {
    case AF_INET:
      least = sizeof(sockaddr_in);
      break;
    case AF_INET6:
      least = sizeof(sockaddr_in6);
      break;
    case AF_UNIX:
      least = kShortestUnix;
      break;
    case AF_NETLINK:
      least = sizeof(sockaddr_nl);
      break;
    default:
      break;
  }
  std::string readable(address);
  readable.resize(std::max(readable.size(), least), '\0');
  return readable;
}

void AppendSockaddr(absl::string_view given, const EventLines& lines) {
  const std::string address = Readable(given.substr(0, kMaxSockaddr));
  RecordLine line(lines, "SOCKADDR");
  line.Add("saddr=");
  AppendHex(address, line.out());
  line.NameAddress(address);
}

// audit_log_pid_context(): its ids are signed.
void AppendObject(const OtherTask& task, const EventLines& lines) {
  RecordLine line(lines, "OBJ_PID");
  line.Add("opid=", task.pid, " oauid=", static_cast<int32_t>(task.auid),
           " ouid=", static_cast<int32_t>(task.uid), " oses=", static_cast<int32_t>(task.ses),
           " ocomm=");
  AppendUntrusted(absl::string_view(task.comm).substr(0, kMaxComm), line.out());
  line.NameUser("OAUID", task.auid);
  line.NameUser("OUID", task.uid);
}

// audit_log_execve_info(), but one record: what does not fit it is left out. An argument that fits
// in part is written as the kernel writes one that goes on in the next record.
void AppendExec(const ExecArguments& exec, const EventLines& lines) {
  constexpr size_t kMostEncoded = 7500;
  const RecordLine line(lines, "EXECVE");
  line.Add("argc=", exec.count);
  std::string encoded;
  size_t left = kMostEncoded;
  for (size_t i = 0; i < exec.words.size(); ++i) {
    encoded.clear();
    AppendUntrusted(exec.words[i], encoded);
    const std::string name = absl::StrCat(" a", i);
    if (name.size() + 1 + encoded.size() <= left) {
      line.Add(name, "=", encoded);
      left -= name.size() + 1 + encoded.size();
      continue;
    }
    encoded.clear();
    AppendHex(exec.words[i], encoded);
    line.Add(name, "_len=", encoded.size(), name, "[0]=", encoded.substr(0, left / 2 * 2));
    return;
  }
}

// audit_log_time().
void AppendClock(const ClockChange& clock, const EventLines& lines) {
  if (clock.injected) {
    RecordLine(lines, "TIME_INJOFFSET")
        .Add("sec=", clock.injected->seconds, " nsec=", clock.injected->nanoseconds);
  }
  for (const ClockChange::Value& value : clock.values) {
    RecordLine(lines, "TIME_ADJNTPVAL")
        .Add("op=", ClockValueName(value.what), " old=", value.old_value, " new=", value.new_value);
  }
}

}  // namespace

void AppendContainerIds(const CallFacts& facts, const EventLines& lines) {
  if (facts.contid) RecordLine(lines, "CONTAINER_ID").Add("contid=", *facts.contid);
  for (const OtherTask& task : facts.objects) {
    if (!task.contid) continue;
    RecordLine(lines, "CONTAINER_ID").Add("contid=", *task.contid, " opid=", task.pid);
  }
  const auto& ids = facts.network_contids;
  if (facts.contid && ids.size() == 1 && ids[0] == *facts.contid) return;  // said already
  for (size_t first = 0; first < ids.size(); first += kMaxContids) {
    const RecordLine line(lines, "CONTAINER_ID");
    line.Add("contid=", ids[first]);
    const size_t end = std::min(ids.size(), first + kMaxContids);
    for (size_t i = first + 1; i < end; ++i) line.Add(",", ids[i]);
    line.Add(" op=net");
  }
}

void AppendPeers(const CallFacts& facts, const EventLines& lines) {
  if (!facts.sockaddr.empty()) AppendSockaddr(facts.sockaddr, lines);
  for (const OtherTask& task : facts.objects) AppendObject(task, lines);
}

void AppendFactRecords(const CallFacts& facts, const EventLines& lines) {
  if (facts.exec) AppendExec(*facts.exec, lines);
  AppendClock(facts.clock, lines);
  if (!facts.paths.empty() && facts.cwd) AppendCwd(*facts.cwd, lines);
  for (size_t item = 0; item < facts.paths.size(); ++item) {
    AppendPath(item, facts.paths[item], lines);
  }
}

}  // namespace provost
