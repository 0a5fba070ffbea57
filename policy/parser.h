#ifndef PROVOST_POLICY_PARSER_H_
#define PROVOST_POLICY_PARSER_H_

// The policy language. One statement a line; '#' comments; a line goes on inside open brackets.
//
//   policy    = { [ statement ] NEWLINE } ;
//   statement = "arch" NAME { "," NAME }
//             | "default" action [ wish ]
//             | "logging" ( "on" | "off" )
//             | "container" INTEGER
//             | "harden" ( "on" | "off" )
//             | "include" STRING
//             | "let" NAME "=" value
//             | rule [ "if" condition ] [ "as" STRING ] [ wish ] ;
//   rule      = action calls | "ask" calls
//             | "rewrite" calls "set" ARGUMENT "=" value { "," ARGUMENT "=" value }
//             | "emulate" NAME { "," NAME } [ "with" NAME "=" told { "," NAME "=" told } ] ;
//   told      = value | "{" STRING "=>" STRING { "," STRING "=>" STRING } [ "," ] "}" ;
//   action    = "allow" | "log" | "deny" ERRNO | "return" INTEGER | "trap"
//             | "kill" [ "process" | "thread" ] ;
//   calls     = call { "," call } ;
//   call      = [ "?" ] NAME | "@" NAME | "%" NAME | "*" ;
//   wish      = "log" [ "result" ] | "quiet" | "audited" ;
//
//   condition = and { "||" and } ;
//   and       = not { "&&" not } ;
//   not       = "!" not | "(" condition ")" | test ;      after "!" only "!" or "("
//   test      = operand operator value
//             | operand "&" number
//             | "(" operand "&" number ")" operator value
//             | state [ "each" "process" ]                  never below "||" or "!"
//             | "proc.arch" ( "==" | "!=" ) NAME | "proc.arch" "in" "{" NAME { "," NAME } "}" ;
//   state     = ( "nth" | "every" | "first" | "after" ) "(" number ")"
//             | "rate" "(" number "/" ( "s" | "m" | "h" ) ")"
//             | "chance" "(" ( FRACTION | INTEGER ) ")" ;
//   operand   = ARGUMENT { "." FIELD } | "realpath" "(" ARGUMENT ")" | "proc" "." NAME ;
//   operator  = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "only" | "has"
//             | "~" | "!~" | "=~" | "under" ;
//   value     = number [ ".." number ] | STRING | NETWORK | "{" value { "," value } [ "," ] "}" ;
//   number    = term { "|" term } ;
//   term      = INTEGER | NAME | "(" number ")" ;
//
// docs/POLICY_LANGUAGE.md has the whole of it.

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/emulator_table.h"
#include "policy/policy.h"
#include "policy/warning.h"

namespace provost {

// All that a policy was read from: another process makes the same of it, whatever has become of the
// files.
struct PolicySource {
  struct Root {
    std::string name;  // as messages and rule names have it
    std::string directory;
    std::string text;
    bool operator==(const Root&) const = default;
  };
  std::vector<Root> roots;                      // a file, or statements
  std::map<std::string, std::string> includes;  // texts, by the paths that they were opened by
  bool needs_default = true;
  bool operator==(const PolicySource&) const = default;
};

struct ParsedPolicy {
  Policy policy;
  std::vector<PolicyWarning> warnings;  // in order of place
  PolicySource source;
};

// Reads and binds a policy file. Errors are kInvalidArgument (kNotFound, kPermissionDenied for the
// file itself) whose message is what a person should see, ready to print:
//   app.policy:3:7: error: no syscall is called `opennat`
//     allow opennat
//           ^~~~~~~
//     did you mean `openat`?
//
// `emulators` are those that rules can name.
absl::StatusOr<ParsedPolicy> ParsePolicyFile(const std::string& path,
                                             const EmulatorTable& emulators = {});

// The same for text; `name` stands for the file in messages and rule names, includes are relative
// to `directory`.
absl::StatusOr<ParsedPolicy> ParsePolicyText(absl::string_view text, const std::string& name,
                                             const std::string& directory = ".",
                                             const EmulatorTable& emulators = {});

// The same again. Reads no file.
absl::StatusOr<ParsedPolicy> ParsePolicySource(const PolicySource& source,
                                               const EmulatorTable& emulators = {});

// Statements given one by one (`-e`): they make one policy, in order, whose default is allow unless
// one of them says otherwise. Messages name them "-e #1", "-e #2" ….
absl::StatusOr<ParsedPolicy> ParseStatements(const std::vector<std::string>& statements,
                                             const EmulatorTable& emulators = {});

}  // namespace provost

#endif  // PROVOST_POLICY_PARSER_H_
