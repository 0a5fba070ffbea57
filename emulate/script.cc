// `emulate CALL with script = "x.lua"`: a Lua function is asked about each call. docs/EMULATORS.md
// has what it is given and what it may say.

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "emulate/builtin.h"
#include "emulate/settings.h"
#include "lua5.4/lauxlib.h"
#include "lua5.4/lua.h"
#include "lua5.4/lualib.h"
#include "syscalls/constants.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr int64_t kInstructions = 10'000'000;
constexpr int64_t kMemory = 64 << 20;
// How many instructions run between two looks at their number.
constexpr int kStep = 1000;
constexpr char kOnCall[] = "on_call";
constexpr char kCallMethods[] = "provost.call";

// The interpreter and what it may use. Lua is compiled as C++: its errors are exceptions, which
// lua_pcall ends.
class Interpreter {
 public:
  Interpreter(int64_t instructions, int64_t memory)
      : instructions_(instructions), memory_(static_cast<size_t>(memory)) {
    state_ = lua_newstate(Allocate, this);
    if (state_ == nullptr) return;
    *static_cast<Interpreter**>(lua_getextraspace(state_)) = this;
    lua_sethook(state_, Count, LUA_MASKCOUNT, kStep);
  }
  ~Interpreter() {
    if (state_ != nullptr) lua_close(state_);
  }
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  lua_State* state() const { return state_; }

  // Calls the function below `arguments` values on the stack; they become `results`. An error is
  // its message, and the values are gone.
  absl::Status Call(int arguments, int results) {
    left_ = instructions_;
    if (lua_pcall(state_, arguments, results, 0) == LUA_OK) return absl::OkStatus();
    const char* message = lua_tostring(state_, -1);
    const std::string text = message == nullptr ? "an error that is no text" : message;
    lua_pop(state_, 1);
    return absl::InternalError(text);
  }

 private:
  // lua_Alloc.
  static void* Allocate(void* self, void* block, size_t old_size, size_t new_size) {
    auto& interpreter = *static_cast<Interpreter*>(self);
    const size_t before = block == nullptr ? 0 : old_size;  // else it is a type
    if (new_size > before && interpreter.used_ + (new_size - before) > interpreter.memory_) {
      return nullptr;
    }
    interpreter.used_ += new_size - before;
    if (new_size == 0) {
      free(block);
      return nullptr;
    }
    void* moved = realloc(block, new_size);
    if (moved == nullptr) interpreter.used_ -= new_size - before;
    return moved;
  }

  // lua_Hook.
  static void Count(lua_State* state, lua_Debug* /*activation*/) {
    auto& interpreter = **static_cast<Interpreter**>(lua_getextraspace(state));
    interpreter.left_ -= kStep;
    if (interpreter.left_ < 0) {
      luaL_error(state, "more than %d instructions for one call",
                 static_cast<int>(interpreter.instructions_));
    }
  }

  lua_State* state_ = nullptr;
  const int64_t instructions_;
  const size_t memory_;
  size_t used_ = 0;
  int64_t left_ = 0;
};

// A value of Lua's that is kept.
class Kept {
 public:
  // Takes the value on the top of the stack.
  explicit Kept(lua_State* state) : state_(state), reference_(luaL_ref(state, LUA_REGISTRYINDEX)) {}
  ~Kept() { luaL_unref(state_, LUA_REGISTRYINDEX, reference_); }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  void Push() const { lua_rawgeti(state_, LUA_REGISTRYINDEX, reference_); }

 private:
  lua_State* state_;
  int reference_;
};

void PushString(lua_State* state, absl::string_view text) {
  lua_pushlstring(state, text.data(), text.size());
}
std::string StringAt(lua_State* state, int index) {
  size_t size = 0;
  const char* text = lua_tolstring(state, index, &size);
  return std::string(text, size);
}

// The argument of a call that a name stands for, or "1" … "6".
std::optional<size_t> ArgumentNamed(const SyscallRequest& request, absl::string_view name) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  if (syscall == nullptr) return std::nullopt;
  const auto& arguments = syscall->signature->args;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name == name) return i;
  }
  return std::nullopt;
}

class Script final : public Handler {
 public:
  static absl::StatusOr<std::unique_ptr<Script>> Create(const EmulatorFile& file,
                                                        int64_t instructions, int64_t memory) {
    auto script = std::make_unique<Script>(instructions, memory);
    PROVOST_RETURN_IF_ERROR(script->Load(file));
    return script;
  }

  Script(int64_t instructions, int64_t memory) : lua_(instructions, memory) {}

  Reaction OnCall(const EmulatedCall& call) override {
    lua_State* const state = lua_.state();
    lua_getglobal(state, kOnCall);
    PushCall(call);
    asked_ = &call;
    const absl::Status status = lua_.Call(1, 1);
    asked_ = nullptr;
    if (!status.ok()) return Failed{std::string(status.message())};
    absl::StatusOr<Reaction> reaction = ReactionOf(call);
    lua_settop(state, 0);
    if (!reaction.ok()) return Failed{absl::StrCat(name_, ": ", reaction.status().message())};
    return *std::move(reaction);
  }

  std::string Save() const override {
    lua_State* const state = lua_.state();
    if (lua_getglobal(state, "save") != LUA_TFUNCTION) {
      lua_settop(state, 0);
      return "";
    }
    const absl::Status status = lua_.Call(0, 1);
    std::string saved;
    if (status.ok() && lua_type(state, -1) == LUA_TSTRING) saved = StringAt(state, -1);
    lua_settop(state, 0);
    return saved;
  }
  absl::Status Restore(absl::string_view saved) override {
    lua_State* const state = lua_.state();
    const bool can = lua_getglobal(state, "restore") == LUA_TFUNCTION;
    absl::Status status;
    if (can && !saved.empty()) {
      PushString(state, saved);
      status = lua_.Call(1, 0);
    }
    lua_settop(state, 0);
    return status.ok() ? absl::OkStatus() : absl::InvalidArgumentError(status.message());
  }

 private:
  // ---- What a script has ----

  absl::Status Load(const EmulatorFile& file) {
    name_ = file.path;
    lua_State* const state = lua_.state();
    if (state == nullptr) return absl::InvalidArgumentError("`memory` is too little for Lua");
    // What reaches beyond the interpreter (io, os, package, debug) is not there.
    lua_pushcfunction(state, OpenLibraries);
    PROVOST_RETURN_IF_ERROR(AsToldWrong(lua_.Call(0, 0)));
    lua_pushlightuserdata(state, this);
    lua_pushcclosure(state, Say, 1);
    lua_setglobal(state, "print");
    MakeMethods();
    const std::string chunk = absl::StrCat("@", file.path);
    if (luaL_loadbufferx(state, file.text.data(), file.text.size(), chunk.c_str(), "t") != LUA_OK) {
      return absl::InvalidArgumentError(StringAt(state, -1));
    }
    PROVOST_RETURN_IF_ERROR(AsToldWrong(lua_.Call(0, 0)));
    const bool has_function = lua_getglobal(state, kOnCall) == LUA_TFUNCTION;
    lua_settop(state, 0);
    if (has_function) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(file.path, " has no function `", kOnCall,
                                                   "`, which is asked about each call"));
  }

  static absl::Status AsToldWrong(const absl::Status& status) {
    return status.ok() ? status : absl::InvalidArgumentError(status.message());
  }

  static int OpenLibraries(lua_State* state) {
    luaL_requiref(state, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(state, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(state, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(state, LUA_MATHLIBNAME, luaopen_math, 1);
    luaL_requiref(state, LUA_UTF8LIBNAME, luaopen_utf8, 1);
    for (const char* name : {"dofile", "loadfile", "load", "collectgarbage"}) {
      lua_pushnil(state);
      lua_setglobal(state, name);
    }
    return 0;
  }

  void MakeMethods() {
    lua_State* const state = lua_.state();
    luaL_newmetatable(state, kCallMethods);
    lua_newtable(state);
    const auto method = [&](const char* name, lua_CFunction function) {
      lua_pushlightuserdata(state, this);
      lua_pushcclosure(state, function, 1);
      lua_setfield(state, -2, name);
    };
    method("string", ReadString);
    method("bytes", ReadBytes);
    lua_setfield(state, -2, "__index");
    lua_pop(state, 1);
  }

  // The call as a table: name, arch, tid, pid, nr, and `args` by number and by name.
  void PushCall(const EmulatedCall& call) const {
    lua_State* const state = lua_.state();
    lua_newtable(state);
    const auto number = [&](const char* name, int64_t value) {
      lua_pushinteger(state, value);
      lua_setfield(state, -2, name);
    };
    PushString(state, call.name());
    lua_setfield(state, -2, "name");
    PushString(state, ArchName(call.arch()));
    lua_setfield(state, -2, "arch");
    number("tid", call.tid());
    number("pid", call.process());
    number("nr", call.request().nr);
    lua_newtable(state);
    const Syscall* syscall = SyscallTable::Get().Find(call.request());
    for (size_t i = 0; i < call.request().args.size(); ++i) {
      const bool is_known = syscall != nullptr && i < syscall->signature->args.size();
      const Argument* argument = is_known ? &syscall->signature->args[i] : nullptr;
      const auto value = AsKernelReads(call, i, argument);
      lua_pushinteger(state, value);
      lua_rawseti(state, -2, static_cast<lua_Integer>(i) + 1);
      if (argument != nullptr) {
        lua_pushinteger(state, value);
        lua_setfield(state, -2, std::string(argument->name).c_str());
      }
    }
    lua_setfield(state, -2, "args");
    luaL_setmetatable(state, kCallMethods);
  }

  static lua_Integer AsKernelReads(const EmulatedCall& call, size_t i, const Argument* argument) {
    const uint64_t raw = call.argument(i);
    if (argument == nullptr) return static_cast<lua_Integer>(raw);
    switch (WidthOn(call.arch(), *argument)) {
      case ArgWidth::kS32:
        return static_cast<int32_t>(raw);
      case ArgWidth::kU32:
        return static_cast<uint32_t>(raw);
      case ArgWidth::kS64:
      case ArgWidth::kU64:
        return static_cast<lua_Integer>(raw);
    }
    return 0;
  }

  static Script& Self(lua_State* state) {
    return *static_cast<Script*>(lua_touserdata(state, lua_upvalueindex(1)));
  }

  // Values as print(…) shows them, once for each text, on provost's own standard error.
  static int Say(lua_State* state) {
    std::string text = Self(state).name_ + ":";
    for (int i = 1; i <= lua_gettop(state); ++i) {
      size_t size = 0;
      const char* word = luaL_tolstring(state, i, &size);
      absl::StrAppend(&text, " ", absl::string_view(word, size));
      lua_pop(state, 1);
    }
    Self(state).Complain(text);
    return 0;
  }

  // The call that is asked about, or an error of Lua's: the script has kept an old one.
  static const EmulatedCall* Asked(lua_State* state) {
    const EmulatedCall* asked = Self(state).asked_;
    if (asked == nullptr) luaL_error(state, "there is no call to read the memory of");
    return asked;
  }

  // An address, or the name of an argument that holds one.
  static uint64_t AddressAt(lua_State* state, int index, const EmulatedCall& call) {
    if (lua_type(state, index) != LUA_TSTRING) {
      return static_cast<uint64_t>(luaL_checkinteger(state, index));
    }
    const std::string name = StringAt(state, index);
    const std::optional<size_t> argument = ArgumentNamed(call.request(), name);
    if (!argument.has_value()) {
      luaL_error(state, "%s has no argument `%s`", std::string(call.name()).c_str(), name.c_str());
    }
    return call.argument(*argument);
  }

  static int GiveError(lua_State* state, const absl::Status& status) {
    lua_pushnil(state);
    PushString(state, ErrnoName(ErrnoOf(status)).value_or("EFAULT"));
    return 2;
  }

  // call:string(address)
  static int ReadString(lua_State* state) {
    const EmulatedCall* call = Asked(state);
    if (call == nullptr) return 0;
    const auto text = call->ReadString(AddressAt(state, 2, *call));
    if (!text.ok()) return GiveError(state, text.status());
    PushString(state, *text);
    return 1;
  }

  // call:bytes(address, count)
  static int ReadBytes(lua_State* state) {
    constexpr lua_Integer kMost = 1 << 20;
    const EmulatedCall* call = Asked(state);
    if (call == nullptr) return 0;
    const uint64_t address = AddressAt(state, 2, *call);
    const lua_Integer count = luaL_checkinteger(state, 3);
    if (count < 0 || count > kMost) luaL_error(state, "a read is of 0 to 1048576 bytes");
    std::string bytes(static_cast<size_t>(count), '\0');
    const absl::Status status = call->ReadBytes(address, absl::MakeSpan(bytes));
    if (!status.ok()) return GiveError(state, status);
    PushString(state, bytes);
    return 1;
  }

  // ---- What a script says ----

  // Of the value on the top of the stack.
  absl::StatusOr<Reaction> ReactionOf(const EmulatedCall& call) {
    lua_State* const state = lua_.state();
    if (lua_isnil(state, -1)) return RunAsItIs(call);
    if (lua_istable(state, -1) && HasField("run")) return RunOf(call);
    PROVOST_ASSIGN_OR_RETURN(Answer answer, AnswerOf());
    return Reaction(std::move(answer));
  }

  bool HasField(const char* name) const {
    const bool has = lua_getfield(lua_.state(), -1, name) != LUA_TNIL;
    lua_pop(lua_.state(), 1);
    return has;
  }

  // A number, the name of an errno, or a table with either as `result`, and `writes`.
  absl::StatusOr<Answer> AnswerOf() const {
    lua_State* const state = lua_.state();
    if (!lua_istable(state, -1)) {
      PROVOST_ASSIGN_OR_RETURN(const int64_t result, ResultOf());
      return Answer{result};
    }
    lua_getfield(state, -1, "result");
    const absl::StatusOr<int64_t> result = ResultOf();
    lua_pop(state, 1);
    if (!result.ok()) return result.status();
    Answer answer = {*result};
    if (lua_getfield(state, -1, "writes") == LUA_TTABLE) {
      PROVOST_ASSIGN_OR_RETURN(answer.writes, WritesOf());
    }
    lua_pop(state, 1);
    return answer;
  }

  absl::StatusOr<int64_t> ResultOf() const {
    lua_State* const state = lua_.state();
    if (lua_isinteger(state, -1)) {
      const int64_t result = lua_tointeger(state, -1);
      constexpr int64_t kFirstRestart = -516;
      constexpr int64_t kLastRestart = -512;
      if (result < kFirstRestart || result > kLastRestart) return result;
      return absl::InvalidArgumentError(
          absl::StrCat(result, " is a number by which the kernel restarts calls"));
    }
    if (lua_type(state, -1) == LUA_TSTRING) {
      const std::string name = StringAt(state, -1);
      const std::optional<int> error = ErrnoByName(name);
      if (error.has_value()) return -*error;
      return absl::InvalidArgumentError(absl::StrCat("no errno is called `", name, "`"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "an answer is a whole number or the name of an errno, not a ", luaL_typename(state, -1)));
  }

  // {{address, bytes}, …}
  absl::StatusOr<std::vector<MemoryWrite>> WritesOf() const {
    lua_State* const state = lua_.state();
    std::vector<MemoryWrite> writes;
    const auto count = static_cast<lua_Integer>(lua_rawlen(state, -1));
    for (lua_Integer i = 1; i <= count; ++i) {
      lua_rawgeti(state, -1, i);
      const bool is_pair = lua_istable(state, -1);
      if (is_pair) {
        lua_rawgeti(state, -1, 1);
        lua_rawgeti(state, -2, 2);
      }
      if (!is_pair || !lua_isinteger(state, -2) || lua_type(state, -1) != LUA_TSTRING) {
        return absl::InvalidArgumentError("`writes` holds pairs: {address, bytes}");
      }
      writes.push_back({static_cast<uint64_t>(lua_tointeger(state, -2)), StringAt(state, -1)});
      lua_pop(state, 3);
    }
    return writes;
  }

  // {run = true or a call's name, args = {…}, after = function}
  absl::StatusOr<Reaction> RunOf(const EmulatedCall& call) {
    lua_State* const state = lua_.state();
    RunCall run = {call.request()};
    if (lua_getfield(state, -1, "run") == LUA_TSTRING) {
      const auto other = OtherCall(call.request(), StringAt(state, -1), call.request().args);
      if (!other.ok()) return other.status();
      run.call = *other;
    }
    lua_pop(state, 1);
    if (lua_getfield(state, -1, "args") == LUA_TTABLE) {
      PROVOST_RETURN_IF_ERROR(SetArguments(run));
    }
    lua_pop(state, 1);
    if (lua_getfield(state, -1, "after") == LUA_TFUNCTION) {
      run.then = [this, function = std::make_shared<Kept>(state)](const EmulatedCall& made,
                                                                  int64_t result) {
        return After(*function, made, result);
      };
    } else {
      lua_pop(state, 1);
    }
    return Reaction(std::move(run));
  }

  // By number or by name; a text is what the argument leads to.
  absl::Status SetArguments(RunCall& run) const {
    lua_State* const state = lua_.state();
    const Syscall* syscall = SyscallTable::Get().Find(run.call);
    for (lua_pushnil(state); lua_next(state, -2) != 0; lua_pop(state, 1)) {
      std::optional<size_t> argument;
      if (lua_isinteger(state, -2)) {
        argument = static_cast<size_t>(lua_tointeger(state, -2)) - 1;
      } else if (lua_type(state, -2) == LUA_TSTRING) {
        argument = ArgumentNamed(run.call, StringAt(state, -2));
      }
      if (!argument.has_value() || *argument >= run.call.args.size()) {
        return absl::InvalidArgumentError(absl::StrCat(
            syscall == nullptr ? "the call" : syscall->signature->name, " has no such argument"));
      }
      if (lua_isinteger(state, -1)) {
        run.call.args[*argument] = static_cast<uint64_t>(lua_tointeger(state, -1));
      } else if (lua_type(state, -1) == LUA_TSTRING) {
        const bool is_text = syscall != nullptr && *argument < syscall->signature->args.size() &&
                             syscall->signature->args[*argument].IsPathOrString();
        std::string bytes = StringAt(state, -1);
        if (is_text) bytes.push_back('\0');
        run.inputs.push_back({*argument, std::move(bytes)});
      } else {
        return absl::InvalidArgumentError("an argument is a whole number or a string");
      }
    }
    return absl::OkStatus();
  }

  // What the function makes of the kernel's result; nil, and an error, leave it as it is.
  Answer After(const Kept& function, const EmulatedCall& call, int64_t result) {
    lua_State* const state = lua_.state();
    function.Push();
    PushCall(call);
    lua_pushinteger(state, result);
    asked_ = &call;
    const absl::Status status = lua_.Call(2, 1);
    asked_ = nullptr;
    absl::StatusOr<Answer> answer = Answer{result};
    if (!status.ok()) {
      Complain(std::string(status.message()));
    } else if (!lua_isnil(state, -1)) {
      answer = AnswerOf();
    }
    lua_settop(state, 0);
    if (answer.ok()) return *std::move(answer);
    Complain(absl::StrCat(name_, ": ", answer.status().message()));
    return Answer{result};
  }

  // Calls into it are no change of the handler's.
  mutable Interpreter lua_;
  std::string name_;
  const EmulatedCall* asked_ = nullptr;
};

}  // namespace

EmulatorSpec ScriptSpec() {
  using Kind = EmulatorKey::Kind;
  return {.name = "script",
          .keys = {{"script", Kind::kFile, "a Lua 5.4 program with a function `on_call`"},
                   {"instructions", Kind::kInteger,
                    "the most that one call may take, 10000000 if it is not told"},
                   {"memory", Kind::kInteger, "the most bytes that it may use, 64M if not told"}},
          .calls = {},
          .what = "whatever a program in Lua says; written `emulate CALL, … with script = FILE`",
          .takes_calls = true};
}

absl::StatusOr<std::unique_ptr<Handler>> MakeScript(const Emulation& told) {
  const EmulatorValue* script = told.Find("script");
  const auto* file = script == nullptr ? nullptr : std::get_if<EmulatorFile>(script);
  if (file == nullptr) return absl::InvalidArgumentError("no `script` is told");
  const int64_t instructions = NumberTold(told, "instructions").value_or(kInstructions);
  const int64_t memory = NumberTold(told, "memory").value_or(kMemory);
  if (instructions < kStep) {
    return absl::InvalidArgumentError(absl::StrCat("`instructions` are ", kStep, " at least"));
  }
  if (memory < (128 << 10)) return absl::InvalidArgumentError("`memory` is 128K at least");
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<Script> made,
                           Script::Create(*file, instructions, memory));
  return made;
}

}  // namespace provost
