#include <unity.h>

#include <set>

#include "features/charging/session.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// Returns every state that is reachable from `state`, including `state`.
std::set<SessionState> reachable_from(SessionState state) {
  std::set<SessionState> found{state};
  for (size_t before = 0; before != found.size();) {
    before = found.size();
    for (const SessionTransition& row : kSessionTransitions) {
      if (found.count(row.from) != 0) found.insert(row.to);
    }
  }
  return found;
}

void every_state_can_be_reached_and_left() {
  const std::set<SessionState> all = reachable_from(SessionState::idle);
  TEST_ASSERT_EQUAL_size_t(8, all.size());
  for (SessionState state : all) TEST_ASSERT_EQUAL_size_t(8, reachable_from(state).size());
}

void a_transaction_begins_only_for_an_accepted_id_tag_or_after_a_restart() {
  for (const SessionTransition& row : kSessionTransitions) {
    if (is_open(row.from) || !is_open(row.to)) continue;
    const bool begins = row.from == SessionState::authorized && row.event == SessionEvent::began;
    const bool is_found = row.from == SessionState::idle && row.event == SessionEvent::found_open;
    TEST_ASSERT_TRUE(begins || is_found);
  }
}

void every_open_transaction_can_end_with_a_free_or_held_cable() {
  for (SessionState state : reachable_from(SessionState::idle)) {
    if (!is_open(state)) continue;
    TEST_ASSERT_EQUAL(SessionState::idle, next_state(state, SessionEvent::ended));
    TEST_ASSERT_EQUAL(SessionState::held, next_state(state, SessionEvent::ended_held));
  }
}

void an_event_without_a_row_changes_nothing() {
  TEST_ASSERT_EQUAL(SessionState::held, next_state(SessionState::held, SessionEvent::presented));
  TEST_ASSERT_EQUAL(SessionState::held, next_state(SessionState::held, SessionEvent::unplugged));
  TEST_ASSERT_EQUAL(SessionState::running, next_state(SessionState::running, SessionEvent::dropped));
  TEST_ASSERT_EQUAL(SessionState::authorized, next_state(SessionState::authorized, SessionEvent::unplugged));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(every_state_can_be_reached_and_left);
  RUN_TEST(a_transaction_begins_only_for_an_accepted_id_tag_or_after_a_restart);
  RUN_TEST(every_open_transaction_can_end_with_a_free_or_held_cable);
  RUN_TEST(an_event_without_a_row_changes_nothing);
  return UNITY_END();
}
