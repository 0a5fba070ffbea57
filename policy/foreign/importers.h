#ifndef PROVOST_POLICY_FOREIGN_IMPORTERS_H_
#define PROVOST_POLICY_FOREIGN_IMPORTERS_H_

#include "absl/status/statusor.h"
#include "policy/foreign/foreign.h"
#include "policy/source_text.h"

namespace provost {

// One function a language; ImportPolicy chooses. Errors are ErrorAt's.
absl::StatusOr<Converted> ImportOci(const SourceText& source, const ImportOptions& options);
absl::StatusOr<Converted> ImportSnap(const SourceText& source, const ImportOptions& options);
absl::StatusOr<Converted> ImportSystemd(const SourceText& source, const ImportOptions& options);
absl::StatusOr<Converted> ImportMinijail(const SourceText& source, const ImportOptions& options);
absl::StatusOr<Converted> ImportStrace(const SourceText& source, const ImportOptions& options);
absl::StatusOr<Converted> ImportKafel(const SourceText& source, const ImportOptions& options);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_IMPORTERS_H_
