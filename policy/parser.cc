#include "policy/parser.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "policy/action_binder.h"
#include "policy/ast.h"
#include "policy/call_resolver.h"
#include "policy/condition_binder.h"
#include "policy/definitions.h"
#include "policy/grammar.h"
#include "policy/source_text.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr size_t kMaxRules = 20000;
constexpr size_t kMaxIncludeDepth = 16;
constexpr size_t kMaxIncludes = 1000;
// Bounds on what a policy becomes: a rule for `*` is one for some 800 calls.
constexpr size_t kMaxBoundRules = 1000000;
constexpr size_t kMaxNodes = 1000000;

// A file's identity, by which cycles of includes are seen whatever names they go by.
using FileId = std::pair<dev_t, ino_t>;

struct FileText {
  FileId id;
  std::string text;
};

// The error for a system call's errno, with its text as the message.
absl::Status FileError(int error) {
  const std::string reason = std::generic_category().message(error);
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(reason);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(reason);
  return absl::InvalidArgumentError(reason);
}

// Reads a file, but no more of it than one byte over what a source may have. With `O_NONBLOCK` in
// `flags` a pipe that nobody writes to is empty.
absl::StatusOr<FileText> ReadFile(const std::string& path, int flags = 0) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags));
  struct stat status = {};
  if (!file.valid() || fstat(file.get(), &status) != 0) return FileError(errno);
  if (S_ISDIR(status.st_mode)) return FileError(EISDIR);
  FileText read_file{{status.st_dev, status.st_ino}, ""};
  char buffer[1 << 16];
  while (read_file.text.size() <= SourceText::kMaxSize) {
    const ssize_t count = read(file.get(), buffer, sizeof(buffer));
    if (count == 0) break;
    if (count > 0) {
      read_file.text.append(buffer, static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return FileError(errno);
    }
  }
  return read_file;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string JoinPath(const std::string& directory, const std::string& path) {
  if (absl::StartsWith(path, "/") || directory == ".") return path;
  return absl::StrCat(directory, absl::EndsWith(directory, "/") ? "" : "/", path);
}

// Puts one policy together from its sources.
class PolicyReader {
 public:
  // `emulators` must outlive this.
  explicit PolicyReader(const EmulatorTable& emulators, bool needs_default = true)
      : emulators_(emulators) {
    source_.needs_default = needs_default;
  }
  // Includes are those of `source`, which must outlive this.
  PolicyReader(const EmulatorTable& emulators, const PolicySource& source)
      : PolicyReader(emulators, source.needs_default) {
    given_ = &source;
  }

  // The identity of a root that is a file; it must not include itself.
  void EnterFile(FileId id) { open_files_.push_back(id); }

  absl::Status ReadRoot(std::string name, std::string directory, std::string text) {
    source_.roots.push_back({name, directory, text});
    return ReadSource(std::move(name), std::move(directory), std::move(text), SourceSpan());
  }

  bool lacks_default() const { return source_.needs_default && !default_.has_value(); }
  // The end of the last root, where what is missing would stand.
  SourceSpan end() const { return end_; }

  absl::StatusOr<ParsedPolicy> Finish() {
    PROVOST_RETURN_IF_ERROR(CheckDefaultFits());
    builder_.Arches(arches_);
    PROVOST_ASSIGN_OR_RETURN(Policy policy, builder_.Build());
    return ParsedPolicy{std::move(policy), std::move(warnings_), std::move(source_)};
  }

 private:
  absl::Status ReadSource(std::string name, std::string directory, std::string text,
                          const SourceSpan& included_at);
  absl::Status Handle(const Statement& statement);
  absl::Status Handle(const Statement& statement, const ArchStatement& node);
  absl::Status Handle(const Statement& statement, const DefaultStatement& node);
  absl::Status Handle(const Statement& statement, const LoggingStatement& node);
  absl::Status Handle(const Statement& statement, const ContainerStatement& node);
  absl::Status Handle(const Statement& statement, const HardenStatement& node);
  absl::Status Handle(const Statement& statement, const IncludeStatement& node);
  absl::Status Handle(const Statement& statement, const LetStatement& node);
  absl::Status Handle(const Statement& statement, const RuleStatement& node);
  absl::StatusOr<PolicyBuilder::Binder> BindRule(const RuleStatement& rule,
                                                 absl::Span<const ResolvedCall> calls,
                                                 const SourceSpan& where);
  // A file that an emulator is told of.
  absl::StatusOr<EmulatorFile> ReadNamed(const std::string& directory, const StringItem& named);
  // The text of an included file, which is entered into open_files_.
  absl::StatusOr<std::string> OpenInclude(const std::string& path, const SourceSpan& where);
  absl::StatusOr<Arch> ResolveArch(const Word& name) const;
  absl::Status CheckDefaultFits() const;

  const EmulatorTable& emulators_;
  PolicySource source_;                  // what was read
  const PolicySource* given_ = nullptr;  // null: files are read
  std::vector<std::unique_ptr<const SourceText>> sources_;
  std::vector<FileId> open_files_;  // innermost last
  size_t include_depth_ = 0;
  size_t includes_ = 0;
  SourceSpan end_;

  Definitions definitions_;
  PatternCache patterns_;
  PolicyBuilder builder_;
  std::vector<PolicyWarning> warnings_;
  std::vector<Arch> arches_ = {kAllArches.begin(), kAllArches.end()};
  std::optional<SourceSpan> arch_;
  std::optional<SourceSpan> logging_;
  std::optional<SourceSpan> container_;
  std::optional<SourceSpan> harden_;
  std::optional<SourceSpan> default_;
  std::optional<SourceSpan> first_rule_;
  Verdict default_verdict_;
  size_t rules_ = 0;
  size_t bound_rules_ = 0;
  size_t nodes_ = 0;
};

absl::Status SaidTwice(const SourceSpan& again, const SourceSpan& first) {
  return ErrorAt(again, absl::StrCat("`", again.text(), "` stands here a second time"),
                 {absl::StrCat("the first is at ", LocationToString(first.location()))});
}

absl::Status RootOnly(const SourceSpan& keyword) {
  return ErrorAt(keyword,
                 absl::StrCat("`", keyword.text(), "` belongs in the policy that includes this"));
}

absl::Status PolicyReader::ReadSource(std::string name, std::string directory, std::string text,
                                      const SourceSpan& included_at) {
  PROVOST_ASSIGN_OR_RETURN(
      std::unique_ptr<const SourceText> created,
      SourceText::Create(std::move(name), std::move(directory), std::move(text), included_at));
  const SourceText& source = *created;
  sources_.push_back(std::move(created));
  Grammar grammar(source, definitions_, patterns_);
  for (;;) {
    PROVOST_ASSIGN_OR_RETURN(const std::optional<Statement> statement, grammar.Next());
    if (!statement.has_value()) break;
    PROVOST_RETURN_IF_ERROR(Handle(*statement));
  }
  if (source.is_root()) end_ = source.Span(source.text().size(), source.text().size());
  return absl::OkStatus();
}

absl::Status PolicyReader::Handle(const Statement& statement) {
  return std::visit([&](const auto& node) { return Handle(statement, node); }, statement.node);
}

absl::Status PolicyReader::Handle(const Statement& statement, const ArchStatement& node) {
  if (!statement.keyword.source->is_root()) return RootOnly(statement.keyword);
  if (arch_.has_value()) return SaidTwice(statement.keyword, *arch_);
  if (first_rule_.has_value()) {
    return ErrorAt(
        statement.keyword, "`arch` stands before the rules",
        {absl::StrCat("the first rule is at ", LocationToString(first_rule_->location()))});
  }
  arch_ = statement.keyword;
  arches_.clear();
  for (const Word& name : node.names) {
    PROVOST_ASSIGN_OR_RETURN(const Arch arch, ResolveArch(name));
    if (std::find(arches_.begin(), arches_.end(), arch) != arches_.end()) {
      return ErrorAt(name.span, absl::StrCat("`", name.text, "` is listed already"));
    }
    arches_.push_back(arch);
  }
  return absl::OkStatus();
}

absl::StatusOr<Arch> PolicyReader::ResolveArch(const Word& name) const {
  if (const std::optional<Arch> arch = ArchByName(name.text)) return *arch;
  if (name.text == "x32") {
    return ErrorAt(name.span, "x32 cannot be listed: its calls are always refused");
  }
  std::vector<absl::string_view> names;
  names.reserve(kAllArches.size());
  for (const Arch arch : kAllArches) names.push_back(ArchName(arch));
  std::vector<std::string> notes = DidYouMean(Nearest(name.text, names));
  if (notes.empty()) notes.emplace_back("there are `x86_64` and `i386`");
  return ErrorAt(name.span, absl::StrCat("no architecture is called `", name.text, "`"), notes);
}

absl::Status PolicyReader::Handle(const Statement& statement, const DefaultStatement& node) {
  if (!statement.keyword.source->is_root()) return RootOnly(statement.keyword);
  if (default_.has_value()) return SaidTwice(statement.keyword, *default_);
  default_ = statement.keyword;
  default_verdict_ = node.verdict;
  builder_.Default(node.verdict, node.wish);
  return absl::OkStatus();
}

absl::Status PolicyReader::Handle(const Statement& statement, const LoggingStatement& node) {
  if (logging_.has_value()) return SaidTwice(statement.keyword, *logging_);
  logging_ = statement.keyword;
  builder_.Logging(node.on);
  return absl::OkStatus();
}

absl::Status PolicyReader::Handle(const Statement& statement, const ContainerStatement& node) {
  if (!statement.keyword.source->is_root()) return RootOnly(statement.keyword);
  if (container_.has_value()) return SaidTwice(statement.keyword, *container_);
  container_ = statement.keyword;
  builder_.Container({node.contid, statement.keyword.location()});
  return absl::OkStatus();
}

absl::Status PolicyReader::Handle(const Statement& statement, const HardenStatement& node) {
  if (!statement.keyword.source->is_root()) return RootOnly(statement.keyword);
  if (harden_.has_value()) return SaidTwice(statement.keyword, *harden_);
  harden_ = statement.keyword;
  builder_.Harden({node.on, statement.keyword.location()});
  return absl::OkStatus();
}

absl::Status PolicyReader::Handle(const Statement& statement, const IncludeStatement& node) {
  const SourceSpan& where = node.path.span;
  if (include_depth_ == kMaxIncludeDepth) {
    return ErrorAt(where, absl::StrCat("includes are more than ", kMaxIncludeDepth, " deep"));
  }
  if (++includes_ > kMaxIncludes) {
    return ErrorAt(where, absl::StrCat("a policy includes at most ", kMaxIncludes, " files"));
  }
  const std::string path = JoinPath(statement.keyword.source->directory(), node.path.text);
  PROVOST_ASSIGN_OR_RETURN(std::string text, OpenInclude(path, where));
  source_.includes[path] = text;
  ++include_depth_;
  PROVOST_RETURN_IF_ERROR(ReadSource(path, DirectoryOf(path), std::move(text), where));
  --include_depth_;
  open_files_.pop_back();
  return absl::OkStatus();
}

absl::StatusOr<std::string> PolicyReader::OpenInclude(const std::string& path,
                                                      const SourceSpan& where) {
  if (given_ != nullptr) {
    const auto text = given_->includes.find(path);
    if (text == given_->includes.end()) {
      return ErrorAt(where, absl::StrCat("cannot read ", Printable(path), ": it was not included"));
    }
    open_files_.emplace_back();  // it does not include itself, or there were no source
    return text->second;
  }
  // Who gives a policy on a pipe writes to it; an include that is one would be waited for for ever.
  struct stat status = {};
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    return ErrorAt(where, absl::StrCat("cannot read ", Printable(path), ": not a regular file"));
  }
  absl::StatusOr<FileText> file = ReadFile(path, O_NONBLOCK);
  if (!file.ok()) {
    return ErrorAt(where,
                   absl::StrCat("cannot read ", Printable(path), ": ", file.status().message()));
  }
  if (std::find(open_files_.begin(), open_files_.end(), file->id) != open_files_.end()) {
    return ErrorAt(where, absl::StrCat(Printable(path), " includes itself"));
  }
  open_files_.push_back(file->id);
  return std::move(file->text);
}

absl::StatusOr<EmulatorFile> PolicyReader::ReadNamed(const std::string& directory,
                                                     const StringItem& named) {
  std::string path = JoinPath(directory, named.text);
  PROVOST_ASSIGN_OR_RETURN(std::string text, OpenInclude(path, named.span));
  open_files_.pop_back();
  source_.includes[path] = text;
  return EmulatorFile{std::move(path), std::move(text)};
}

absl::Status PolicyReader::Handle(const Statement& /*statement*/, const LetStatement& node) {
  return definitions_.Define(node.name, node.value);
}

// On i386 a result has 32 bits.
absl::Status CheckReturnFits(const Verdict& verdict, const SourceSpan& where) {
  const auto* result = std::get_if<Return>(&verdict);
  if (result == nullptr || (result->value >= INT32_MIN && result->value <= UINT32_MAX)) {
    return absl::OkStatus();
  }
  return ErrorAt(where, "this result does not fit into the 32 bits of i386",
                 {"an `arch` statement can leave i386 out"});
}

absl::Status PolicyReader::CheckDefaultFits() const {
  const bool has_i386 = std::find(arches_.begin(), arches_.end(), Arch::kI386) != arches_.end();
  if (!default_.has_value() || !has_i386) return absl::OkStatus();
  return CheckReturnFits(default_verdict_, *default_);
}

absl::Status PolicyReader::Handle(const Statement& statement, const RuleStatement& written) {
  if (!first_rule_.has_value()) first_rule_ = statement.keyword;
  if (++rules_ > kMaxRules) {
    return ErrorAt(statement.keyword, absl::StrCat("a policy has at most ", kMaxRules, " rules"));
  }
  RuleStatement node = written;
  const auto read_file = [&](const StringItem& path) {
    return ReadNamed(statement.keyword.source->directory(), path);
  };
  PROVOST_RETURN_IF_ERROR(BindEmulator(emulators_, read_file, node));
  const size_t warnings_before = warnings_.size();
  PROVOST_ASSIGN_OR_RETURN(const std::vector<ResolvedCall> calls,
                           ResolveCalls(node, arches_, warnings_));
  const bool has_i386 = std::any_of(calls.begin(), calls.end(), [](const ResolvedCall& call) {
    return call.syscalls.back()->arch == Arch::kI386 || call.syscalls.front()->arch == Arch::kI386;
  });
  if (has_i386) PROVOST_RETURN_IF_ERROR(CheckReturnFits(node.verdict, node.action));
  PROVOST_RETURN_IF_ERROR(BindRewrite(calls, node));
  PROVOST_ASSIGN_OR_RETURN(PolicyBuilder::Binder binder, BindRule(node, calls, statement.keyword));
  std::stable_sort(warnings_.begin() + static_cast<std::ptrdiff_t>(warnings_before),
                   warnings_.end(), [](const PolicyWarning& a, const PolicyWarning& b) {
                     return std::pair(a.where.line, a.where.column) <
                            std::pair(b.where.line, b.where.column);
                   });
  Rule rule;
  rule.where = statement.keyword.location();
  rule.name =
      node.name.has_value() ? *node.name : absl::StrCat(rule.where.file, ":", rule.where.line);
  rule.text = statement.text;
  rule.verdict = node.verdict;
  rule.wish = node.wish;
  rule.state = node.state;
  std::vector<absl::string_view> names;
  names.reserve(calls.size());
  for (const ResolvedCall& call : calls) names.push_back(call.name);
  builder_.Add(std::move(rule), names, std::move(binder));
  return absl::OkStatus();
}

// Binds at once, not when the builder asks, so that errors come in the order of the text.
absl::StatusOr<PolicyBuilder::Binder> PolicyReader::BindRule(const RuleStatement& rule,
                                                             absl::Span<const ResolvedCall> calls,
                                                             const SourceSpan& where) {
  const auto too_large = [&where] {
    return ErrorAt(where, "the policy is too large: this rule does not fit");
  };
  for (const ResolvedCall& call : calls) bound_rules_ += call.syscalls.size();
  if (bound_rules_ > kMaxBoundRules) return too_large();
  if (!rule.condition.has_value()) return PolicyBuilder::Binder();
  using Key = std::pair<Arch, int32_t>;
  auto bound = std::make_shared<absl::flat_hash_map<Key, Predicate>>();
  ConditionBinder binder(*rule.condition, Refuses(rule.verdict), warnings_);
  for (const ResolvedCall& call : calls) {
    PROVOST_ASSIGN_OR_RETURN(const std::vector<Predicate> predicates,
                             binder.Bind(call.syscalls, *call.reference));
    if (nodes_ + binder.nodes() > kMaxNodes) return too_large();
    for (size_t i = 0; i < predicates.size(); ++i) {
      const Syscall& syscall = *call.syscalls[i];
      bound->insert({Key(syscall.arch, syscall.nr), predicates[i]});
    }
  }
  nodes_ += binder.nodes();
  return [bound](const Syscall& syscall) -> absl::StatusOr<Predicate> {
    return bound->at(Key(syscall.arch, syscall.nr));
  };
}

absl::Status MissingDefault(const SourceSpan& where) {
  return ErrorAt(where, "this policy has no `default`",
                 {"it says what happens to calls that no rule is for: `default allow`, or for "
                  "example `default deny EPERM`"});
}

absl::StatusOr<ParsedPolicy> ReadWhole(PolicyReader& reader, std::string name,
                                       std::string directory, std::string text) {
  PROVOST_RETURN_IF_ERROR(reader.ReadRoot(std::move(name), std::move(directory), std::move(text)));
  if (reader.lacks_default()) return MissingDefault(reader.end());
  return reader.Finish();
}

}  // namespace

absl::StatusOr<ParsedPolicy> ParsePolicyFile(const std::string& path,
                                             const EmulatorTable& emulators) {
  absl::StatusOr<FileText> file = ReadFile(path);
  if (!file.ok()) {
    return absl::Status(
        file.status().code(),
        absl::StrCat(Printable(path), ": error: cannot read it: ", file.status().message()));
  }
  PolicyReader reader(emulators);
  reader.EnterFile(file->id);
  return ReadWhole(reader, path, DirectoryOf(path), std::move(file->text));
}

absl::StatusOr<ParsedPolicy> ParsePolicyText(absl::string_view text, const std::string& name,
                                             const std::string& directory,
                                             const EmulatorTable& emulators) {
  PolicyReader reader(emulators);
  return ReadWhole(reader, name, directory, std::string(text));
}

absl::StatusOr<ParsedPolicy> ParsePolicySource(const PolicySource& source,
                                               const EmulatorTable& emulators) {
  PolicyReader reader(emulators, source);
  for (const PolicySource::Root& root : source.roots) {
    PROVOST_RETURN_IF_ERROR(reader.ReadRoot(root.name, root.directory, root.text));
  }
  if (reader.lacks_default()) return MissingDefault(reader.end());
  return reader.Finish();
}

absl::StatusOr<ParsedPolicy> ParseStatements(const std::vector<std::string>& statements,
                                             const EmulatorTable& emulators) {
  PolicyReader reader(emulators, /*needs_default=*/false);
  for (size_t i = 0; i < statements.size(); ++i) {
    if (absl::StripAsciiWhitespace(statements[i]).empty()) {
      return absl::InvalidArgumentError(absl::StrCat("-e #", i + 1, ": error: it is empty"));
    }
    PROVOST_RETURN_IF_ERROR(reader.ReadRoot(absl::StrCat("-e #", i + 1), ".", statements[i]));
  }
  return reader.Finish();
}

}  // namespace provost
