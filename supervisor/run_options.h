#ifndef PROVOST_SUPERVISOR_RUN_OPTIONS_H_
#define PROVOST_SUPERVISOR_RUN_OPTIONS_H_

// What follows from the options of a run.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "policy/verdict.h"
#include "supervisor/run_state.h"
#include "supervisor/supervisor.h"

namespace provost {

std::string NameOf(Mode mode);
// Null where nothing is to be said, or nowhere to say it.
std::unique_ptr<PublishedRunState> PublishState(const Options& options);
// What of a decision must come to the tracer to be recorded, now or once somebody asks for it.
std::function<bool(const Decision&)> WantsRecord(const Options& options);
// What the filters answer that nobody hears of, if anybody can ask for it.
std::vector<Decision> Unheard(const Options& options);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_RUN_OPTIONS_H_
