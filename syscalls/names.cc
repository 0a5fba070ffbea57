// Errno and signal names. errno(3), signal(7); values from the headers.
#include <linux/errno.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "syscalls/constants.h"
#include "syscalls/nearest.h"

#ifndef ENOTSUP
#define ENOTSUP EOPNOTSUPP  // the C library's name
#endif

namespace provost {
namespace {

struct Named {
  absl::string_view name;
  int number;
};

#define PROVOST_NAMED(name) \
  Named { #name, name }

// The names that ErrnoName() gives: one a number.
constexpr Named kErrnos[] = {
    PROVOST_NAMED(EPERM),
    PROVOST_NAMED(ENOENT),
    PROVOST_NAMED(ESRCH),
    PROVOST_NAMED(EINTR),
    PROVOST_NAMED(EIO),
    PROVOST_NAMED(ENXIO),
    PROVOST_NAMED(E2BIG),
    PROVOST_NAMED(ENOEXEC),
    PROVOST_NAMED(EBADF),
    PROVOST_NAMED(ECHILD),
    PROVOST_NAMED(EAGAIN),
    PROVOST_NAMED(ENOMEM),
    PROVOST_NAMED(EACCES),
    PROVOST_NAMED(EFAULT),
    PROVOST_NAMED(ENOTBLK),
    PROVOST_NAMED(EBUSY),
    PROVOST_NAMED(EEXIST),
    PROVOST_NAMED(EXDEV),
    PROVOST_NAMED(ENODEV),
    PROVOST_NAMED(ENOTDIR),
    PROVOST_NAMED(EISDIR),
    PROVOST_NAMED(EINVAL),
    PROVOST_NAMED(ENFILE),
    PROVOST_NAMED(EMFILE),
    PROVOST_NAMED(ENOTTY),
    PROVOST_NAMED(ETXTBSY),
    PROVOST_NAMED(EFBIG),
    PROVOST_NAMED(ENOSPC),
    PROVOST_NAMED(ESPIPE),
    PROVOST_NAMED(EROFS),
    PROVOST_NAMED(EMLINK),
    PROVOST_NAMED(EPIPE),
    PROVOST_NAMED(EDOM),
    PROVOST_NAMED(ERANGE),
    PROVOST_NAMED(EDEADLK),
    PROVOST_NAMED(ENAMETOOLONG),
    PROVOST_NAMED(ENOLCK),
    PROVOST_NAMED(ENOSYS),
    PROVOST_NAMED(ENOTEMPTY),
    PROVOST_NAMED(ELOOP),
    PROVOST_NAMED(ENOMSG),
    PROVOST_NAMED(EIDRM),
    PROVOST_NAMED(ECHRNG),
    PROVOST_NAMED(EL2NSYNC),
    PROVOST_NAMED(EL3HLT),
    PROVOST_NAMED(EL3RST),
    PROVOST_NAMED(ELNRNG),
    PROVOST_NAMED(EUNATCH),
    PROVOST_NAMED(ENOCSI),
    PROVOST_NAMED(EL2HLT),
    PROVOST_NAMED(EBADE),
    PROVOST_NAMED(EBADR),
    PROVOST_NAMED(EXFULL),
    PROVOST_NAMED(ENOANO),
    PROVOST_NAMED(EBADRQC),
    PROVOST_NAMED(EBADSLT),
    PROVOST_NAMED(EBFONT),
    PROVOST_NAMED(ENOSTR),
    PROVOST_NAMED(ENODATA),
    PROVOST_NAMED(ETIME),
    PROVOST_NAMED(ENOSR),
    PROVOST_NAMED(ENONET),
    PROVOST_NAMED(ENOPKG),
    PROVOST_NAMED(EREMOTE),
    PROVOST_NAMED(ENOLINK),
    PROVOST_NAMED(EADV),
    PROVOST_NAMED(ESRMNT),
    PROVOST_NAMED(ECOMM),
    PROVOST_NAMED(EPROTO),
    PROVOST_NAMED(EMULTIHOP),
    PROVOST_NAMED(EDOTDOT),
    PROVOST_NAMED(EBADMSG),
    PROVOST_NAMED(EOVERFLOW),
    PROVOST_NAMED(ENOTUNIQ),
    PROVOST_NAMED(EBADFD),
    PROVOST_NAMED(EREMCHG),
    PROVOST_NAMED(ELIBACC),
    PROVOST_NAMED(ELIBBAD),
    PROVOST_NAMED(ELIBSCN),
    PROVOST_NAMED(ELIBMAX),
    PROVOST_NAMED(ELIBEXEC),
    PROVOST_NAMED(EILSEQ),
    PROVOST_NAMED(ERESTART),
    PROVOST_NAMED(ESTRPIPE),
    PROVOST_NAMED(EUSERS),
    PROVOST_NAMED(ENOTSOCK),
    PROVOST_NAMED(EDESTADDRREQ),
    PROVOST_NAMED(EMSGSIZE),
    PROVOST_NAMED(EPROTOTYPE),
    PROVOST_NAMED(ENOPROTOOPT),
    PROVOST_NAMED(EPROTONOSUPPORT),
    PROVOST_NAMED(ESOCKTNOSUPPORT),
    PROVOST_NAMED(EOPNOTSUPP),
    PROVOST_NAMED(EPFNOSUPPORT),
    PROVOST_NAMED(EAFNOSUPPORT),
    PROVOST_NAMED(EADDRINUSE),
    PROVOST_NAMED(EADDRNOTAVAIL),
    PROVOST_NAMED(ENETDOWN),
    PROVOST_NAMED(ENETUNREACH),
    PROVOST_NAMED(ENETRESET),
    PROVOST_NAMED(ECONNABORTED),
    PROVOST_NAMED(ECONNRESET),
    PROVOST_NAMED(ENOBUFS),
    PROVOST_NAMED(EISCONN),
    PROVOST_NAMED(ENOTCONN),
    PROVOST_NAMED(ESHUTDOWN),
    PROVOST_NAMED(ETOOMANYREFS),
    PROVOST_NAMED(ETIMEDOUT),
    PROVOST_NAMED(ECONNREFUSED),
    PROVOST_NAMED(EHOSTDOWN),
    PROVOST_NAMED(EHOSTUNREACH),
    PROVOST_NAMED(EALREADY),
    PROVOST_NAMED(EINPROGRESS),
    PROVOST_NAMED(ESTALE),
    PROVOST_NAMED(EUCLEAN),
    PROVOST_NAMED(ENOTNAM),
    PROVOST_NAMED(ENAVAIL),
    PROVOST_NAMED(EISNAM),
    PROVOST_NAMED(EREMOTEIO),
    PROVOST_NAMED(EDQUOT),
    PROVOST_NAMED(ENOMEDIUM),
    PROVOST_NAMED(EMEDIUMTYPE),
    PROVOST_NAMED(ECANCELED),
    PROVOST_NAMED(ENOKEY),
    PROVOST_NAMED(EKEYEXPIRED),
    PROVOST_NAMED(EKEYREVOKED),
    PROVOST_NAMED(EKEYREJECTED),
    PROVOST_NAMED(EOWNERDEAD),
    PROVOST_NAMED(ENOTRECOVERABLE),
    PROVOST_NAMED(ERFKILL),
    PROVOST_NAMED(EHWPOISON),
};

constexpr Named kErrnoAliases[] = {
    PROVOST_NAMED(EWOULDBLOCK),
    PROVOST_NAMED(EDEADLOCK),
    PROVOST_NAMED(ENOTSUP),
};

constexpr Named kSignals[] = {
    PROVOST_NAMED(SIGHUP),    PROVOST_NAMED(SIGINT),    PROVOST_NAMED(SIGQUIT),
    PROVOST_NAMED(SIGILL),    PROVOST_NAMED(SIGTRAP),   PROVOST_NAMED(SIGABRT),
    PROVOST_NAMED(SIGBUS),    PROVOST_NAMED(SIGFPE),    PROVOST_NAMED(SIGKILL),
    PROVOST_NAMED(SIGUSR1),   PROVOST_NAMED(SIGSEGV),   PROVOST_NAMED(SIGUSR2),
    PROVOST_NAMED(SIGPIPE),   PROVOST_NAMED(SIGALRM),   PROVOST_NAMED(SIGTERM),
    PROVOST_NAMED(SIGSTKFLT), PROVOST_NAMED(SIGCHLD),   PROVOST_NAMED(SIGCONT),
    PROVOST_NAMED(SIGSTOP),   PROVOST_NAMED(SIGTSTP),   PROVOST_NAMED(SIGTTIN),
    PROVOST_NAMED(SIGTTOU),   PROVOST_NAMED(SIGURG),    PROVOST_NAMED(SIGXCPU),
    PROVOST_NAMED(SIGXFSZ),   PROVOST_NAMED(SIGVTALRM), PROVOST_NAMED(SIGPROF),
    PROVOST_NAMED(SIGWINCH),  PROVOST_NAMED(SIGIO),     PROVOST_NAMED(SIGPWR),
    PROVOST_NAMED(SIGSYS),
};

constexpr Named kSignalAliases[] = {
    PROVOST_NAMED(SIGIOT),
    PROVOST_NAMED(SIGPOLL),
    {"SIGCLD", SIGCHLD},
    {"SIGUNUSED", SIGSYS},
};

// The kernel's own bounds: the C library keeps the first two real-time signals to itself.
constexpr int kFirstRealTime = 32;
constexpr int kLastRealTime = 64;

template <size_t N>
const Named* FindName(const Named (&table)[N], absl::string_view name) {
  const Named* found = std::find_if(std::begin(table), std::end(table),
                                    [name](const Named& entry) { return entry.name == name; });
  return found == std::end(table) ? nullptr : found;
}

template <size_t N>
const Named* FindNumber(const Named (&table)[N], int number) {
  const Named* found = std::find_if(std::begin(table), std::end(table),
                                    [number](const Named& e) { return e.number == number; });
  return found == std::end(table) ? nullptr : found;
}

}  // namespace

std::optional<absl::string_view> ErrnoName(int number) {
  const Named* found = FindNumber(kErrnos, number);
  if (found == nullptr) return std::nullopt;
  return found->name;
}

std::optional<int> ErrnoByName(absl::string_view name) {
  const Named* found = FindName(kErrnos, name);
  if (found == nullptr) found = FindName(kErrnoAliases, name);
  if (found == nullptr) return std::nullopt;
  return found->number;
}

std::vector<std::string> SuggestErrno(absl::string_view misspelt) {
  std::vector<absl::string_view> names;
  for (const Named& entry : kErrnos) names.push_back(entry.name);
  for (const Named& entry : kErrnoAliases) names.push_back(entry.name);
  return Nearest(misspelt, names);
}

std::string SignalName(int number) {
  if (const Named* found = FindNumber(kSignals, number)) return std::string(found->name);
  if (number >= kFirstRealTime && number <= kLastRealTime) {
    return absl::StrCat("SIGRT_", number - kFirstRealTime);
  }
  return absl::StrCat(number);
}

std::optional<int> SignalByName(absl::string_view name) {
  const Named* found = FindName(kSignals, name);
  if (found == nullptr) found = FindName(kSignalAliases, name);
  if (found != nullptr) return found->number;
  int offset = 0;
  if (absl::ConsumePrefix(&name, "SIGRT_") && absl::SimpleAtoi(name, &offset) && offset >= 0 &&
      offset <= kLastRealTime - kFirstRealTime) {
    return kFirstRealTime + offset;
  }
  return std::nullopt;
}

}  // namespace provost
