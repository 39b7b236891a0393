#pragma once

#include <stdint.h>

namespace pb {

/// The states of the session at the connector.
enum class SessionState : uint8_t {
  idle,         // no idTag
  authorizing,  // an idTag was presented and waits for its answer
  authorized,   // the idTag may charge; the session waits for the cable or the lock
  lock_failed,  // the lock did not close for the idTag; until the cable is out or an idTag is presented
  held,         // the transaction has ended; the cable stays locked until its idTag is presented again
  running,      // a transaction is open
  resumed,      // the same as running, after a power failure of unknown duration
  interrupted,  // a transaction is open and waits after a power failure until it may continue
};

/// Whether a transaction is open and is not interrupted by a power failure.
constexpr bool is_active(SessionState state) {
  return state == SessionState::running || state == SessionState::resumed;
}

/// Whether a transaction is open.
constexpr bool is_open(SessionState state) { return is_active(state) || state == SessionState::interrupted; }

/// Whether an idTag may lead to a transaction.
constexpr bool is_pending(SessionState state) {
  return state == SessionState::authorizing || state == SessionState::authorized;
}

enum class SessionEvent : uint8_t {
  found_open,         // the last boot left a transaction open
  presented,          // an idTag was presented, here or by a remote start
  accepted,           // the idTag may charge
  dropped,            // the idTag is rejected or has expired, or no transaction may begin any more
  lock_failed,        // the lock did not close in time
  began,              // a transaction was opened
  continued,          // the transaction continues after a power failure
  continued_unknown,  // the transaction continues, but the duration of the power failure is unknown
  outage_known,       // the duration of that power failure is known now
  ended,              // the transaction was closed
  ended_held,         // the transaction was closed, and its cable stays locked
  ended_authorizing,  // the transaction was closed while another idTag waits for its answer
  released,           // the idTag of the held cable was presented, or the CSMS has unlocked it
  unplugged,          // the cable is out
};

struct SessionTransition {
  SessionState from;
  SessionEvent event;
  SessionState to;
};

/// All transitions. An event without a row for the state changes nothing.
inline constexpr SessionTransition kSessionTransitions[] = {
    // An idTag is presented, and leads to a transaction or is dropped.
    {SessionState::idle, SessionEvent::presented, SessionState::authorizing},
    {SessionState::authorizing, SessionEvent::accepted, SessionState::authorized},
    {SessionState::authorizing, SessionEvent::dropped, SessionState::idle},
    {SessionState::authorized, SessionEvent::began, SessionState::running},
    {SessionState::authorized, SessionEvent::dropped, SessionState::idle},
    {SessionState::authorized, SessionEvent::lock_failed, SessionState::lock_failed},
    {SessionState::lock_failed, SessionEvent::presented, SessionState::authorizing},
    {SessionState::lock_failed, SessionEvent::unplugged, SessionState::idle},
    // The transaction ends.
    {SessionState::running, SessionEvent::ended, SessionState::idle},
    {SessionState::running, SessionEvent::ended_held, SessionState::held},
    {SessionState::held, SessionEvent::released, SessionState::idle},
    // A restart interrupts the transaction.
    {SessionState::idle, SessionEvent::found_open, SessionState::interrupted},
    {SessionState::interrupted, SessionEvent::continued, SessionState::running},
    {SessionState::interrupted, SessionEvent::continued_unknown, SessionState::resumed},
    {SessionState::interrupted, SessionEvent::ended, SessionState::idle},
    {SessionState::interrupted, SessionEvent::ended_held, SessionState::held},
    {SessionState::interrupted, SessionEvent::ended_authorizing, SessionState::authorizing},
    {SessionState::resumed, SessionEvent::outage_known, SessionState::running},
    {SessionState::resumed, SessionEvent::ended, SessionState::idle},
    {SessionState::resumed, SessionEvent::ended_held, SessionState::held},
};

/// Returns the state after `event`.
constexpr SessionState next_state(SessionState state, SessionEvent event) {
  for (const SessionTransition& transition : kSessionTransitions) {
    if (transition.from == state && transition.event == event) return transition.to;
  }
  return state;
}

/// Whether every state has at most one row per event.
constexpr bool is_unambiguous() {
  for (const SessionTransition& one : kSessionTransitions) {
    for (const SessionTransition& other : kSessionTransitions) {
      if (&one != &other && one.from == other.from && one.event == other.event) return false;
    }
  }
  return true;
}
static_assert(is_unambiguous(), "a state has two transitions for one event");

}  // namespace pb
