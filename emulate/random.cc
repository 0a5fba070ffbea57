// getrandom(2), /dev/random and /dev/urandom from a seed: a program that asks the same gets the
// same.

#include <sys/sysmacros.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "emulate/builtin.h"
#include "emulate/settings.h"
#include "tracee/address_space.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

// The most at once, where the kernel would give 32 MiB (random(4)): other tasks wait meanwhile, and
// whoever wants so much must be ready for less.
constexpr size_t kMost = 1 << 20;
// IOV_MAX of readv(2).
constexpr size_t kMostVectors = 1024;
constexpr uint64_t kKnownFlags = 7;  // GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE

const dev_t kRandom = makedev(1, 8);
const dev_t kUrandom = makedev(1, 9);

// SplitMix64's finalizer: nearby numbers become unrelated ones.
uint64_t Mix(uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

// What a task draws: named by where it stands in the tree, so that which of two tasks runs first
// makes no difference.
struct Stream {
  uint64_t key = 0;
  uint64_t drawn = 0;     // how often
  uint64_t children = 0;  // that it has made
};

class Random final : public Handler {
 public:
  explicit Random(uint64_t seed) : seed_(seed) {}

  Reaction OnCall(const EmulatedCall& call) override {
    const absl::string_view name = call.name();
    if (name == "getrandom") return GetRandom(call);
    const bool is_sendfile = name == "sendfile" || name == "sendfile64";
    const absl::StatusOr<dev_t> device = ReadDevice(call.tid(), call.number(is_sendfile ? 1 : 0));
    if (!device.ok() || (*device != kRandom && *device != kUrandom)) return RunAsItIs(call);
    if (name == "read" || name == "pread64") {
      return Fill(call, {{call.argument(1), SizeOf(call.argument(2))}});
    }
    if (name == "readv" || name == "preadv" || name == "preadv2") return ReadVector(call);
    // sendfile, splice, copy_file_range: as for files that cannot, so that the program reads.
    return Answer{-EINVAL};
  }

  void OnTaskMade(pid_t creator, pid_t child) override {
    // It may have come and gone before its creator's event.
    if (unannounced_.erase(child) > 0 || streams_.contains(child)) return;
    const Stream begins = ChildOf(Of(creator));
    streams_[child] = begins;
  }
  void OnTaskEnded(pid_t tid) override { streams_.erase(tid); }

  std::string Save() const override {
    std::string saved;
    for (const auto& [tid, stream] : streams_) {
      absl::StrAppend(&saved, tid, " ", stream.key, " ", stream.drawn, " ", stream.children, "\n");
    }
    return saved;
  }
  absl::Status Restore(absl::string_view saved) override {
    for (const absl::string_view line : absl::StrSplit(saved, '\n', absl::SkipEmpty())) {
      const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
      pid_t tid = 0;
      Stream stream;
      if (fields.size() != 4 || !absl::SimpleAtoi(fields[0], &tid) ||
          !absl::SimpleAtoi(fields[1], &stream.key) ||
          !absl::SimpleAtoi(fields[2], &stream.drawn) ||
          !absl::SimpleAtoi(fields[3], &stream.children)) {
        return absl::InvalidArgumentError("no state of `emulate random`");
      }
      streams_[tid] = stream;
    }
    return absl::OkStatus();
  }

 private:
  struct Piece {
    uint64_t address;
    size_t size;
  };

  static size_t SizeOf(uint64_t asked) { return std::min<uint64_t>(asked, kMost); }

  Reaction GetRandom(const EmulatedCall& call) {
    // What is no right call the kernel says.
    if ((call.argument(2) & ~kKnownFlags) != 0) return RunAsItIs(call);
    return Fill(call, {{call.argument(0), SizeOf(call.argument(1))}});
  }

  Reaction ReadVector(const EmulatedCall& call) {
    const uint64_t count = call.argument(2);
    if (count > kMostVectors) return RunAsItIs(call);
    std::vector<Piece> pieces;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t width = call.is_i386() ? sizeof(uint32_t) : sizeof(uint64_t);
      std::array<uint64_t, 2> vector = {};
      for (size_t half = 0; half < vector.size(); ++half) {
        const absl::Status read =
            call.ReadBytes(call.argument(1) + (2 * i + half) * width,
                           absl::MakeSpan(reinterpret_cast<char*>(&vector[half]), width));
        if (!read.ok()) return Answer{-ErrnoOf(read)};
      }
      pieces.push_back({vector[0], SizeOf(vector[1])});
    }
    return Fill(call, pieces);
  }

  Reaction Fill(const EmulatedCall& call, const std::vector<Piece>& pieces) {
    Answer answer = {0};
    for (const Piece& piece : pieces) {
      const size_t size = std::min(piece.size, kMost - static_cast<size_t>(answer.result));
      answer.writes.push_back({piece.address, Draw(Of(call.tid()), size)});
      answer.result += static_cast<int64_t>(size);
    }
    return answer;
  }

  static std::string Draw(Stream& stream, size_t size) {
    std::mt19937_64 generator(Mix(stream.key ^ Mix(++stream.drawn)));
    std::string bytes;
    bytes.reserve(size + sizeof(uint64_t));
    while (bytes.size() < size) {
      const uint64_t number = generator();
      bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
    }
    bytes.resize(size);
    return bytes;
  }

  Stream& Of(pid_t tid) {
    if (const auto known = streams_.find(tid); known != streams_.end()) return known->second;
    // Its creator has not told of it yet. Of several threads, the leader stands for who made it.
    const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid);
    const pid_t creator = !status.ok()             ? 0
                          : status->process != tid ? status->process
                                                   : status->parent;
    const auto parent = streams_.find(creator);
    unannounced_.insert(tid);
    Stream begins = {.key = seed_};
    if (parent != streams_.end()) begins = ChildOf(parent->second);
    return streams_[tid] = begins;
  }

  static Stream ChildOf(Stream& creator) {
    return {.key = Mix(creator.key + Mix(++creator.children))};
  }

  const uint64_t seed_;
  absl::flat_hash_map<pid_t, Stream> streams_;
  absl::flat_hash_set<pid_t> unannounced_;  // seen before their creators' events
};

}  // namespace

EmulatorSpec RandomSpec() {
  return {.name = "random",
          .keys = {{"seed", EmulatorKey::Kind::kInteger, "a number; 0 if it is not told"}},
          .calls = {"getrandom", "read", "pread64", "readv", "preadv", "preadv2", "sendfile",
                    "sendfile64", "splice", "copy_file_range"},
          .what = "random numbers from a seed: getrandom, /dev/random and /dev/urandom"};
}

absl::StatusOr<std::unique_ptr<Handler>> MakeRandom(const Emulation& told) {
  return std::make_unique<Random>(static_cast<uint64_t>(NumberTold(told, "seed").value_or(0)));
}

}  // namespace provost
