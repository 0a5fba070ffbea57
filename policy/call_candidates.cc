#include "policy/call_candidates.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/string_pattern.h"

namespace provost {
namespace {

constexpr size_t kMaxValues = 400;  // of one argument
constexpr size_t kMaxStrings = 200;
constexpr int kCombinations = 64;  // of several fields of one structure or address
// Descriptors that stand for a name: where neither a program nor a condition is likely to have one.
constexpr int32_t kFirstNamed = 1000;

// What stands between the quotes of a pattern as the language writes it, escapes resolved.
std::string Operand(const std::string& pattern) {
  const size_t open = pattern.find('"');
  std::string text;
  for (size_t i = open + 1; open != std::string::npos && i + 1 < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 2 < pattern.size()) ++i;
    text.push_back(pattern[i]);
  }
  return text;
}

// A text that a glob may match: each wildcard replaced by something.
std::string FillGlob(absl::string_view glob, absl::string_view star) {
  std::string text;
  for (size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '*') {
      const bool two = i + 1 < glob.size() && glob[i + 1] == '*';
      absl::StrAppend(&text, star, two && !star.empty() ? "/y" : "");
      i += two ? 1 : 0;
    } else if (c == '?') {
      text.push_back('x');
    } else if (c == '[') {
      const size_t end = glob.find(']', i + 2);
      if (end == absl::string_view::npos) return text;
      const bool negated = glob[i + 1] == '!';
      text.push_back(negated ? '~' : glob[i + 1]);
      i = end;
    } else if (c == '\\' && i + 1 < glob.size()) {
      text.push_back(glob[++i]);
    } else {
      text.push_back(c);
    }
  }
  return text;
}

// A text that a regular expression may match: what of it is plain.
std::string PlainPart(absl::string_view regex) {
  std::string text;
  for (size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (c == '\\' && i + 1 < regex.size()) {
      text.push_back(regex[++i]);
    } else if (c == '.') {
      text.push_back('x');
    } else if (absl::string_view("^$*+?()[]{}|").find(c) == absl::string_view::npos) {
      text.push_back(c);
    }
  }
  return text;
}

// Texts on both sides of a pattern's border.
std::vector<std::string> TextsNear(const StringPattern& pattern) {
  const std::string operand = Operand(pattern.ToString());
  std::vector<std::string> texts;
  if (const std::string* exact = pattern.ExactText()) texts.push_back(*exact);
  for (const char* star : {"x", "", "x.y"}) texts.push_back(FillGlob(operand, star));
  texts.push_back(operand);
  texts.push_back(operand + "/x");
  texts.push_back(operand + "/../x");
  texts.push_back(operand + "x");
  texts.push_back(PlainPart(operand));
  texts.push_back(operand.substr(0, operand.rfind('/') + 1) + "../x");
  for (const char* text : {"", "/", "x"}) texts.emplace_back(text);
  return texts;
}

// Numbers on both sides of a comparison's border.
std::vector<uint64_t> NumbersNear(const Compare& compare) {
  const uint64_t value = compare.value;
  std::vector<uint64_t> numbers;
  for (const uint64_t base : {value, value | ~compare.mask, compare.mask, ~compare.mask}) {
    for (const uint64_t near : {base - 1, base, base + 1}) numbers.push_back(near);
  }
  // Other halves of the register: what an int leaves out.
  numbers.push_back(value | uint64_t{1} << 32);
  numbers.push_back(value ^ uint64_t{1} << 31);
  numbers.push_back(value ^ uint64_t{1} << 63);
  numbers.push_back(static_cast<uint32_t>(value));
  numbers.push_back(static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(value))));
  for (int bit = 0; bit < 32; ++bit) numbers.push_back(value ^ uint64_t{1} << bit);
  return numbers;
}

size_t SizeOf(const IpAddress& ip) { return ip.is_v4 ? sizeof(in_addr) : sizeof(in6_addr); }

// The neighbour above or below.
IpAddress Step(IpAddress ip, bool up) {
  for (size_t i = SizeOf(ip); i-- > 0;) {
    ip.bytes[i] = static_cast<uint8_t>(ip.bytes[i] + (up ? 1 : 255));
    if (ip.bytes[i] != (up ? 0 : 255)) break;
  }
  return ip;
}

// A network's first and last address, and those outside it.
std::vector<IpAddress> AddressesNear(const IpNetwork& network) {
  IpAddress last = network.address;
  for (size_t bit = network.prefix; bit < SizeOf(last) * 8; ++bit) {
    last.bytes[bit / 8] |= static_cast<uint8_t>(0x80U >> bit % 8);
  }
  return {network.address, Step(network.address, false), last, Step(last, true)};
}

std::string Family(uint64_t family) {
  const auto number = static_cast<sa_family_t>(family);
  return std::string(reinterpret_cast<const char*>(&number), sizeof(number));
}

std::string Inet(const IpAddress& ip, uint64_t port) {
  const uint16_t in_order = htons(static_cast<uint16_t>(port));
  const auto raw = [](const auto& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  if (ip.is_v4) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = in_order;
    memcpy(&address.sin_addr, ip.bytes.data(), sizeof(address.sin_addr));
    return raw(address);
  }
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = in_order;
  memcpy(&address.sin6_addr, ip.bytes.data(), sizeof(address.sin6_addr));
  return raw(address);
}

// "@name" is the abstract name.
std::string Unix(const std::string& path) {
  const bool is_abstract = absl::StartsWith(path, "@");
  return is_abstract ? absl::StrCat(Family(AF_UNIX), std::string(1, '\0'), path.substr(1))
                     : absl::StrCat(Family(AF_UNIX), path, std::string(1, '\0'));
}

void PutNumber(uint64_t number, const FieldPlace& place, std::string& bytes) {
  // Little-endian, as x86 is; a sized structure may end before the field.
  if (place.size != 0 && place.offset + place.size <= bytes.size()) {
    memcpy(bytes.data() + place.offset, &number, place.size);
  }
}

template <typename T>
T Choose(const std::vector<T>& some, std::mt19937_64& random) {
  return some[random() % some.size()];
}

}  // namespace

CallCandidates::CallCandidates(const Syscall& syscall) : syscall_(syscall) {
  for (int i = 0; i < 6; ++i) numbers_[i] = {0};
}

void CallCandidates::Collect(absl::Span<const BoundRule> rules) {
  for (const BoundRule& bound : rules) Collect(bound.condition);
}

void CallCandidates::Collect(const Predicate& predicate) {
  if (predicate == nullptr) return;
  if (const auto* all = std::get_if<AllOf>(&predicate->node)) {
    for (const Predicate& child : all->children) Collect(child);
  } else if (const auto* any = std::get_if<AnyOf>(&predicate->node)) {
    for (const Predicate& child : any->children) Collect(child);
  } else if (const auto* negation = std::get_if<Not>(&predicate->node)) {
    Collect(negation->child);
  } else if (const auto* compare = std::get_if<Compare>(&predicate->node)) {
    CollectNumbers(*compare);
  } else if (const auto* match = std::get_if<MatchString>(&predicate->node)) {
    for (const std::string& text : TextsNear(*match->pattern)) AddString(match->arg, text);
  } else if (const auto* test = std::get_if<MemoryTest>(&predicate->node)) {
    CollectMemory(*test);
  } else if (const auto* number = std::get_if<CompareTask>(&predicate->node)) {
    for (const uint64_t near : NumbersNear(number->compare)) {
      const bool is_32_bit = Is32Bit(AsArgument(number->field).width);
      task_numbers_[number->field].insert(is_32_bit ? static_cast<uint32_t>(near) : near);
    }
  } else if (const auto* text = std::get_if<MatchTask>(&predicate->node)) {
    for (std::string& near : TextsNear(*text->pattern)) task_texts_[text->field].insert(near);
  }
}

void CallCandidates::CollectNumbers(const Compare& compare) {
  for (const uint64_t near : NumbersNear(compare)) AddNumber(compare.arg, near);
}

void CallCandidates::CollectMemory(const MemoryTest& test) {
  const auto* text = std::get_if<MemoryTest::Text>(&test.check);
  const auto& reading = test.operand->reading;
  if (const auto* field = std::get_if<FieldReading>(&reading)) {
    const auto* compare = std::get_if<Compare>(&test.check);
    StructValues& values = structs_[field->structure.pointer];
    values.reading = field->structure;
    if (compare == nullptr) return;
    for (const uint64_t near : NumbersNear(*compare)) values.fields[field->field].insert(near);
  } else if (const auto* address = std::get_if<AddressReading>(&reading)) {
    CollectAddress(*address, test);
  } else if (const auto* descriptor = std::get_if<DescriptorReading>(&reading)) {
    if (text == nullptr) return;
    for (std::string& near : TextsNear(*text->pattern)) {
      descriptors_[descriptor->descriptor].insert(near);
    }
  } else if (const auto* path = std::get_if<RealPathReading>(&reading)) {
    if (text == nullptr) return;
    for (const std::string& near : TextsNear(*text->pattern)) AddString(path->path, near);
  }
}

void CallCandidates::CollectAddress(const AddressReading& reading, const MemoryTest& test) {
  const bool is_message = reading.message.type != nullptr;
  AddressValues& values = addresses_[is_message ? reading.message.pointer : reading.pointer];
  values.reading = reading;
  if (const auto* compare = std::get_if<Compare>(&test.check)) {
    std::set<uint64_t>& numbers =
        reading.part == AddressPart::kFamily ? values.families : values.ports;
    for (const uint64_t near : NumbersNear(*compare)) numbers.insert(near & UINT16_MAX);
  } else if (const auto* text = std::get_if<MemoryTest::Text>(&test.check)) {
    for (const std::string& near : TextsNear(*text->pattern)) {
      if (near.size() < sizeof(sockaddr_storage) - 32) values.paths.insert(near);
    }
  } else if (const auto* ip = std::get_if<MemoryTest::Ip>(&test.check)) {
    for (const IpNetwork& network : *ip->networks) {
      const std::vector<IpAddress> near = AddressesNear(network);
      values.ips.insert(values.ips.end(), near.begin(), near.end());
    }
  }
}

void CallCandidates::AddNumber(int arg, uint64_t number) {
  if (syscall_.arch == Arch::kI386) number = static_cast<uint32_t>(number);
  if (numbers_[arg].size() < kMaxValues) numbers_[arg].insert(Canonical(arg, number));
}

// Numbers of an int as programs give them, so that a witness says them by name: what stands above
// is kept only where it means something to arg0 … arg5.
uint64_t CallCandidates::Canonical(int arg, uint64_t number) const {
  const absl::Span<const Argument> args = syscall_.signature->args;
  if (arg >= static_cast<int>(args.size()) || number > UINT32_MAX) return number;
  const bool is_signed = WidthOn(Arch::kX86_64, args[arg]) == ArgWidth::kS32;
  if (!is_signed || syscall_.arch == Arch::kI386) return number;
  return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(number)));
}

void CallCandidates::AddString(int arg, const std::string& text) {
  if (text.find('\0') == std::string::npos && strings_[arg].size() < kMaxStrings) {
    strings_[arg].insert(text);
  }
}

std::string CallCandidates::StructBytes(
    const StructValues& values, const std::map<const StructField*, uint64_t>& chosen) const {
  std::string bytes(values.reading.type->SizeOn(syscall_.arch), '\0');
  for (const auto& [field, number] : chosen) PutNumber(number, field->On(syscall_.arch), bytes);
  return bytes;
}

std::vector<std::string> CallCandidates::MakeStructs(const StructValues& values,
                                                     std::mt19937_64& random) const {
  std::vector<std::string> made = {StructBytes(values, {})};
  for (const auto& [field, numbers] : values.fields) {
    for (const uint64_t number : numbers) made.push_back(StructBytes(values, {{field, number}}));
  }
  for (int i = 0; values.fields.size() > 1 && i < kCombinations; ++i) {
    std::map<const StructField*, uint64_t> chosen;
    for (const auto& [field, numbers] : values.fields) {
      chosen[field] = Choose(std::vector<uint64_t>(numbers.begin(), numbers.end()), random);
    }
    made.push_back(StructBytes(values, chosen));
  }
  return made;
}

CandidateValue CallCandidates::PlaceStruct(const StructReading& reading, std::string bytes,
                                           CallMemory& memory) const {
  const uint64_t extent =
      reading.type->extent == StructType::Extent::kArray ? 1 : uint64_t{bytes.size()};
  return {memory.Place(syscall_.arch, std::move(bytes)), reading.extent, extent};
}

CandidateValue CallCandidates::PlaceAddress(const AddressReading& reading, Address address,
                                            CallMemory& memory) const {
  const uint64_t length = address.size();
  const uint64_t pointer = memory.Place(syscall_.arch, std::move(address));
  const StructReading& message = reading.message;
  if (message.type == nullptr) return {pointer, static_cast<int8_t>(reading.length), length};
  std::string bytes(message.type->SizeOn(syscall_.arch), '\0');
  PutNumber(pointer, message.type->fields[message.type->address].On(syscall_.arch), bytes);
  PutNumber(length, message.type->fields[message.type->address_length].On(syscall_.arch), bytes);
  return PlaceStruct(message, std::move(bytes), memory);
}

namespace {

std::vector<std::string> MakeAddresses(const std::set<uint64_t>& families,
                                       std::vector<IpAddress> ips, std::set<uint64_t> ports,
                                       const std::set<std::string>& paths,
                                       std::mt19937_64& random) {
  std::vector<std::string> made;
  made.reserve(families.size());
  for (const uint64_t family : families) {
    made.push_back(absl::StrCat(Family(family), std::string(sizeof(sockaddr_in6), '\0')));
  }
  ips.push_back({});
  ips.push_back({.is_v4 = false, .bytes = {}});
  ports.insert(0);
  for (const IpAddress& ip : ips) made.push_back(Inet(ip, 0));
  for (const uint64_t port : ports) {
    made.push_back(Inet({}, port));
    made.push_back(Inet({.is_v4 = false, .bytes = {}}, port));
  }
  const std::vector<uint64_t> some_ports(ports.begin(), ports.end());
  for (int i = 0; i < kCombinations; ++i) {
    made.push_back(Inet(Choose(ips, random), Choose(some_ports, random)));
  }
  for (const std::string& path : paths) made.push_back(Unix(path));
  made.push_back(Family(AF_UNIX));
  return made;
}

}  // namespace

CandidateCalls CallCandidates::Make(CallMemory& memory, std::mt19937_64& random) const {
  CandidateCalls calls;
  int32_t next_named = kFirstNamed;
  for (int i = 0; i < 6; ++i) {
    std::vector<CandidateValue>& values = calls.arguments[i];
    for (const uint64_t number : numbers_[i]) values.push_back({number});
    for (const std::string& text : strings_[i]) {
      values.push_back({memory.Place(syscall_.arch, text + '\0')});
    }
    for (const std::string& name : descriptors_[i]) {
      memory.NameDescriptor(next_named, name);
      values.push_back({static_cast<uint64_t>(next_named++)});
    }
  }
  for (const auto& [arg, values] : structs_) {
    for (std::string& bytes : MakeStructs(values, random)) {
      calls.arguments[arg].push_back(PlaceStruct(values.reading, std::move(bytes), memory));
    }
  }
  for (const auto& [arg, values] : addresses_) {
    for (std::string& address :
         MakeAddresses(values.families, values.ips, values.ports, values.paths, random)) {
      calls.arguments[arg].push_back(PlaceAddress(values.reading, std::move(address), memory));
    }
  }
  calls.tasks = MakeTasks(random);
  return calls;
}

// Of every task all that conditions ask is known, as of tasks that run.
std::vector<std::map<TaskField, TaskValue>> CallCandidates::MakeTasks(
    std::mt19937_64& random) const {
  std::map<TaskField, std::vector<TaskValue>> known;
  for (const auto& [field, numbers] : task_numbers_) {
    known[field].assign(numbers.begin(), numbers.end());
  }
  for (const auto& [field, texts] : task_texts_) known[field].assign(texts.begin(), texts.end());
  std::map<TaskField, TaskValue> first;
  for (const auto& [field, values] : known) first[field] = values.front();
  std::vector<std::map<TaskField, TaskValue>> tasks = {first};
  for (const auto& [field, values] : known) {
    for (const TaskValue& value : values) {
      tasks.push_back(first);
      tasks.back()[field] = value;
    }
  }
  const size_t singly = tasks.size();
  if (known.size() > 1) tasks.resize(singly + kCombinations, first);
  for (size_t i = singly; i < tasks.size(); ++i) {
    for (const auto& [field, values] : known) tasks[i][field] = Choose(values, random);
  }
  return tasks;
}

}  // namespace provost
