#include "emulate/paths_layout.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "emulate/paths_walk.h"
#include "emulate/settings.h"

namespace provost {
namespace {

// The real path without symbolic links, as far as it exists.
std::string WithoutLinks(const std::string& path) {
  std::error_code error;
  const std::filesystem::path found =
      std::filesystem::weakly_canonical(std::filesystem::path(ShownPath(path)), error);
  return error ? path : NormalPath(found.string()).value_or(path);
}

absl::StatusOr<std::string> ToldPath(absl::string_view path, absl::string_view where) {
  std::optional<std::string> normal = NormalPath(path);
  if (normal.has_value()) return *std::move(normal);
  const absl::string_view why =
      absl::StartsWith(path, "/") ? "goes up by `..`: write where it leads" : "is not absolute";
  return absl::InvalidArgumentError(absl::StrCat("`", path, "` in `", where, "` ", why));
}

// The maps that one key tells, in its order.
absl::Status AddTold(const Emulation& told, absl::string_view key, bool is_readonly,
                     std::vector<PathMap>& maps) {
  for (const auto& [from, to] : MapTold(told, key)) {
    PathMap map = {.is_readonly = is_readonly};
    PROVOST_ASSIGN_OR_RETURN(map.from, ToldPath(from, key));
    PROVOST_ASSIGN_OR_RETURN(map.to, ToldPath(to, key));
    map.to = WithoutLinks(map.to);
    if (map.from.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", key, "` cannot give another \"/\": `root = \"", to, "\"` does"));
    }
    const auto same = [&](const PathMap& other) { return other.from == map.from; };
    if (std::any_of(maps.begin(), maps.end(), same)) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", map.from, "` is mapped twice: one of them must go"));
    }
    maps.push_back(std::move(map));
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<std::string> NormalPath(absl::string_view path) {
  if (!absl::StartsWith(path, "/")) return std::nullopt;
  std::string normal;
  for (const absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (component == "..") return std::nullopt;
    if (component != ".") absl::StrAppend(&normal, "/", component);
  }
  return normal;
}

absl::StatusOr<PathLayout> PathLayout::Create(const Emulation& told) {
  PathLayout layout;
  std::vector<PathMap> maps;
  if (const std::optional<std::string> root = TextTold(told, "root")) {
    PathMap map;
    PROVOST_ASSIGN_OR_RETURN(map.to, ToldPath(*root, "root"));
    map.to = WithoutLinks(map.to);
    struct stat status = {};
    if (stat(ShownPath(map.to).c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat("`root`: there is no directory `", *root, "`"));
    }
    maps.push_back(std::move(map));
  }
  PROVOST_RETURN_IF_ERROR(AddTold(told, "map", /*is_readonly=*/false, maps));
  PROVOST_RETURN_IF_ERROR(AddTold(told, "readonly", /*is_readonly=*/true, maps));
  if (maps.empty()) {
    return absl::InvalidArgumentError(
        "nothing is told: `with map = {\"/seen\" => \"/real\"}`, for example, or `root`");
  }
  // A map is found in the layout of those above it.
  std::stable_sort(maps.begin(), maps.end(), [](const PathMap& left, const PathMap& right) {
    return left.from.size() < right.from.size();
  });
  for (PathMap& map : maps) PROVOST_RETURN_IF_ERROR(layout.Add(std::move(map)));
  return layout;
}

absl::Status PathLayout::Add(PathMap map) {
  if (!map.from.empty()) {
    const PathStart start;
    const PathFound found = FindPath(*this, start, {.path = map.from, .must_walk = true});
    if (found.error == 0) map.from = found.path;
    if (IsMap(map.from)) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", map.from, "` is mapped twice, by way of a symbolic link"));
    }
  }
  has_readonly_ |= map.is_readonly;
  const auto longer = [&](const PathMap& other) { return other.from.size() < map.from.size(); };
  maps_.insert(std::find_if(maps_.begin(), maps_.end(), longer), std::move(map));
  return absl::OkStatus();
}

std::optional<std::string> PathLayout::Virtual(absl::string_view real) const {
  const PathMap* best = nullptr;
  std::string path;
  for (const PathMap& map : maps_) {
    if (!IsWithin(map.to, real) || (best != nullptr && best->to.size() >= map.to.size())) continue;
    std::string seen = map.from + std::string(real.substr(map.to.size()));
    if (MapOf(seen) != &map) continue;  // another map stands in front of it
    best = &map;
    path = std::move(seen);
  }
  if (best != nullptr) return path;
  if (MapOf(real) != nullptr) return std::nullopt;
  return std::string(real);
}

bool PathLayout::IsMap(absl::string_view path) const {
  return std::any_of(maps_.begin(), maps_.end(),
                     [&](const PathMap& map) { return map.from == path; });
}

bool PathLayout::LeadsToMap(absl::string_view path) const {
  return std::any_of(maps_.begin(), maps_.end(),
                     [&](const PathMap& map) { return IsWithin(path, map.from); });
}

}  // namespace provost
