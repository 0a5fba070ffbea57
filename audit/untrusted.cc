#include "audit/untrusted.h"

#include <array>
#include <cstddef>
#include <string>

namespace provost {
namespace {

// By byte.
constexpr std::array<bool, 256> kQuotable = [] {
  std::array<bool, 256> quotable = {};
  for (size_t c = 0x21; c <= 0x7e; ++c) quotable[c] = c != '"' && c != '=';
  return quotable;
}();

}  // namespace

bool IsQuotable(absl::string_view text) {
  for (const char c : text) {
    if (!kQuotable[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

void AppendHex(absl::string_view bytes, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const size_t start = out.size();
  out.resize(start + 2 * bytes.size());
  char* to = out.data() + start;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *to++ = kDigits[byte >> 4];
    *to++ = kDigits[byte & 0xf];
  }
}

void AppendUntrusted(absl::string_view text, std::string& out) {
  if (!IsQuotable(text)) return AppendHex(text, out);
  out.push_back('"');
  out.append(text.data(), text.size());
  out.push_back('"');
}

}  // namespace provost
