#pragma once

#include <stdint.h>

namespace pb {

/// How far the session at the connector has come.
enum class SessionState : uint8_t {
  idle,         // nobody has presented an idTag
  asking,       // an idTag was presented and waits for its answer
  authorized,   // the idTag may charge; the session waits for the cable or the lock
  lock_failed,  // the lock did not close for the idTag; until the cable is out or an idTag is presented
  held,         // the transaction has ended; the cable stays locked until its idTag is presented again
  running,      // a transaction is open
  resumed,      // as running, after a power failure whose length is not known yet
  interrupted,  // a transaction is open and waits, after a power failure, until it may go on
};

/// Whether a transaction is open, and not waiting after a power failure.
constexpr bool is_going_on(SessionState state) {
  return state == SessionState::running || state == SessionState::resumed;
}

/// Whether a transaction is open.
constexpr bool is_open(SessionState state) { return is_going_on(state) || state == SessionState::interrupted; }

/// Whether an idTag is on its way to a transaction.
constexpr bool is_pending(SessionState state) {
  return state == SessionState::asking || state == SessionState::authorized;
}

enum class SessionEvent : uint8_t {
  found_open,       // the last boot left a transaction open
  presented,        // an idTag was presented, here or by a remote start
  accepted,         // the idTag may charge
  dropped,          // the idTag is refused, has expired, or nothing may begin any more
  lock_failed,      // the lock had its time and did not close
  began,            // a transaction was opened
  went_on,          // the transaction may go on after a power failure
  went_on_unknown,  // the transaction goes on without an answer to how long the power was gone
  absence_known,    // the length of that power failure is known now
  ended,            // the transaction was closed
  ended_held,       // the transaction was closed, and its cable stays locked
  ended_asking,     // the transaction was closed while another idTag waits for its answer
  released,         // the held cable was given back to its owner, or unlocked by the CSMS
  unplugged,        // the cable is out
};

struct SessionTransition {
  SessionState from;
  SessionEvent event;
  SessionState to;
};

/// All transitions. An event that a state has no row for leaves the session as it is.
inline constexpr SessionTransition kSessionTransitions[] = {
    // An idTag is presented, and becomes a transaction or is dropped.
    {SessionState::idle, SessionEvent::presented, SessionState::asking},
    {SessionState::asking, SessionEvent::accepted, SessionState::authorized},
    {SessionState::asking, SessionEvent::dropped, SessionState::idle},
    {SessionState::authorized, SessionEvent::began, SessionState::running},
    {SessionState::authorized, SessionEvent::dropped, SessionState::idle},
    {SessionState::authorized, SessionEvent::lock_failed, SessionState::lock_failed},
    {SessionState::lock_failed, SessionEvent::presented, SessionState::asking},
    {SessionState::lock_failed, SessionEvent::unplugged, SessionState::idle},
    // The transaction ends.
    {SessionState::running, SessionEvent::ended, SessionState::idle},
    {SessionState::running, SessionEvent::ended_held, SessionState::held},
    {SessionState::held, SessionEvent::released, SessionState::idle},
    // A restart interrupts it.
    {SessionState::idle, SessionEvent::found_open, SessionState::interrupted},
    {SessionState::interrupted, SessionEvent::went_on, SessionState::running},
    {SessionState::interrupted, SessionEvent::went_on_unknown, SessionState::resumed},
    {SessionState::interrupted, SessionEvent::ended, SessionState::idle},
    {SessionState::interrupted, SessionEvent::ended_held, SessionState::held},
    {SessionState::interrupted, SessionEvent::ended_asking, SessionState::asking},
    {SessionState::resumed, SessionEvent::absence_known, SessionState::running},
    {SessionState::resumed, SessionEvent::ended, SessionState::idle},
    {SessionState::resumed, SessionEvent::ended_held, SessionState::held},
};

/// Gives the state after `event`.
constexpr SessionState next_state(SessionState state, SessionEvent event) {
  for (const SessionTransition& transition : kSessionTransitions) {
    if (transition.from == state && transition.event == event) return transition.to;
  }
  return state;
}

/// Whether no state has two rows for one event.
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
