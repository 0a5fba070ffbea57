#include "tools/cli/usage.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace provost {
namespace {

class UsageFormatter final : public CLI::Formatter {
 public:
  explicit UsageFormatter(std::string usage) : usage_(std::move(usage)) {}
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: " + usage_ + "\n";
  }

 private:
  std::string usage_;
};

}  // namespace

namespace {

bool IsControl(unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }

// Names that others chose stand in messages: what would steer the terminal is written `\x1b`.
// Of UTF-8, U+0080 to U+009F are such too.
std::string WithoutControls(const std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string shown;
  shown.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xc2 && i + 1 < text.size() &&
                    static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                    static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (!c1 && !IsControl(byte)) {
      shown.push_back(text[i]);
      continue;
    }
    const auto code = c1 ? static_cast<unsigned char>(text[++i]) : byte;
    shown += {'\\', 'x', kDigits[code >> 4], kDigits[code & 0xf]};
  }
  return shown;
}

}  // namespace

void PrintError(const std::string& text) {
  // One write, so that the line stays whole beside the program's own output.
  const std::string lines = WithoutControls(text) + "\n";
  fwrite(lines.data(), 1, lines.size(), stderr);
}

void Complain(const std::string& message) { PrintError("provost: " + message); }

CLI::Validator WholeNumber(uint64_t least, uint64_t most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    const std::string wanted =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    // A leading zero would make it octal.
    const bool octal = text.size() > 1 && text[0] == '0';
    const bool digits =
        !octal && !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    errno = 0;
    const uint64_t number = digits ? strtoull(text.c_str(), nullptr, 10) : 0;
    const bool fits = digits && errno == 0 && number >= least && number <= most;
    return fits ? "" : "`" + text + "` is not " + wanted;
  };
  return CLI::Validator(check, "");
}

std::shared_ptr<CLI::Formatter> HelpWithUsage(std::string usage) {
  auto formatter = std::make_shared<UsageFormatter>(std::move(usage));
  formatter->column_width(34);
  return formatter;
}

}  // namespace provost
