#ifndef PROVOST_AUDIT_DATAGRAM_OUTLET_H_
#define PROVOST_AUDIT_DATAGRAM_OUTLET_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "audit/outlet.h"
#include "base/unique_fd.h"

namespace provost {

inline constexpr char kSyslogSocket[] = "/dev/log";
inline constexpr char kJournalSocket[] = "/run/systemd/journal/socket";

// Sends each record (each line) as one datagram to a log daemon on this machine. A daemon that is
// gone is an error, and is found again when it is back; one that does not keep up blocks.
//
// spdlog's sinks for both are not used: they go through syslog(3), which returns nothing, and
// sd_journal_send(3), which reports success where there is no journal; neither can be asked not to
// block. An audit trail has to know.
class DatagramOutlet final : public Outlet {
 public:
  enum class Protocol : uint8_t {
    // "<PRIORITY>TIME provost[PID]: RECORD" (RFC 3164, as syslog(3) writes it); facility authpriv,
    // severity info.
    kSyslog,
    // systemd's native protocol: MESSAGE=RECORD, PRIORITY=6, SYSLOG_FACILITY=10,
    // SYSLOG_IDENTIFIER=provost.
    kJournal,
  };

  // Connects to the socket at `path`. Errors name it and the reason.
  static absl::StatusOr<DatagramOutlet> Open(Protocol protocol, const std::string& path);

  const std::string& name() const override { return name_; }
  absl::StatusOr<Progress> Put(absl::string_view piece, size_t& sent) override;
  void Await(int milliseconds) override;

 private:
  DatagramOutlet(Protocol protocol, const std::string& path);

  absl::Status Connect();
  // 0 or an errno.
  int Send(absl::string_view record);
  void Frame(absl::string_view record);

  Protocol protocol_;
  std::string path_;
  std::string name_;
  UniqueFd socket_;
  std::string datagram_;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_DATAGRAM_OUTLET_H_
