#ifndef PROVOST_TESTS_BENCH_TASKS_H_
#define PROVOST_TESTS_BENCH_TASKS_H_

// Threads or processes that wait until they are let go.

struct Tasks;

// What a task does: `prepare` before it waits, `work` after. Either may be NULL. A task that fails
// exits with another status than 0.
struct TaskBody {
  void (*prepare)(void* context);
  void (*work)(void* context);
  void* context;  // shared by all; memory that processes are to share is the caller's to map
};

// Starts `count` tasks, "threads" or "processes", and returns when all of them wait, blocked in
// read(2). Exits 2 if that cannot be. The caller never frees the result.
struct Tasks* TasksStart(const char* kind, int count, struct TaskBody body);

// Lets them go.
void TasksRelease(struct Tasks* tasks);

// Waits for their end; exits 1 if one of them failed.
void TasksJoin(struct Tasks* tasks);

#endif  // PROVOST_TESTS_BENCH_TASKS_H_
