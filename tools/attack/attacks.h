#ifndef PROVOST_TOOLS_ATTACK_ATTACKS_H_
#define PROVOST_TOOLS_ATTACK_ATTACKS_H_

// How attacks.c ends, for who runs it.
enum {
  kGotThrough = 0,
  kRefused = 10,
  kNotHere = 11,        // this kernel, or this policy, gives nothing to get around
  kAskSupervisor = 12,  // got through if the supervisor was sent a SIGURG
  kBroken = 13,         // called wrongly
};

#endif  // PROVOST_TOOLS_ATTACK_ATTACKS_H_
