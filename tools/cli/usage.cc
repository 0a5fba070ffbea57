#include "tools/cli/usage.h"

#include <cstdio>
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

void Complain(const std::string& message) {
  // One write, so that the line stays whole beside the program's own output.
  const std::string line = "provost: " + message + "\n";
  fwrite(line.data(), 1, line.size(), stderr);
}

std::shared_ptr<CLI::Formatter> HelpWithUsage(std::string usage) {
  auto formatter = std::make_shared<UsageFormatter>(std::move(usage));
  formatter->column_width(34);
  return formatter;
}

}  // namespace provost
