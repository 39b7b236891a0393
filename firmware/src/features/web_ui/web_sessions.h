#pragma once

#include "core/constant_time.h"
#include "core/text_writer.h"
#include "core/time.h"
#include "port/rng.h"

namespace pb {

/// The open sessions, each of a browser with its cookie. If there is no room, a new one replaces the oldest.
class WebSessions {
 public:
  static constexpr size_t kSessions = 2;
  /// A session ends after the first time without a request, and in any case after the second time.
  static constexpr Millis kIdleLimit = 900'000;
  static constexpr Millis kLimit = 28'800'000;
  static constexpr size_t kTokenLength = 32;  ///< hexadecimal digits: 128 bits

  struct Session {
    FixedText<kTokenLength> token;  ///< the token of the cookie; empty: no session
    FixedText<kTokenLength> csrf;   ///< the token of the header X-CSRF-Token
    Millis last_used = 0;
    Millis opened_at = 0;
  };

  explicit WebSessions(Rng& rng) : rng_(rng) {}

  const Session& open(Millis now) {
    Session* oldest = &sessions_[0];
    for (Session& session : sessions_) {
      if (session.token.empty() || session.last_used < oldest->last_used) oldest = &session;
      if (session.token.empty()) break;
    }
    oldest->token = make_token();
    oldest->csrf = make_token();
    oldest->opened_at = oldest->last_used = now;
    return *oldest;
  }
  /// @return nullptr when no session has that token
  Session* find(Text token, Millis now) {
    for (Session& session : sessions_) {
      if (session.token.empty()) continue;
      if (now - session.last_used >= kIdleLimit || now - session.opened_at >= kLimit) session.token.clear();
      if (is_equal(session.token.text(), token)) return &session;
    }
    return nullptr;
  }
  void close(Session& session) { session.token.clear(); }
  void close_all() {
    for (Session& session : sessions_) session.token.clear();
  }

  /// An empty token equals nothing.
  static bool is_equal(Text a, Text b) { return !a.empty() && equal_in_constant_time(a.bytes(), b.bytes()); }

 private:
  FixedText<kTokenLength> make_token() {
    char bytes[kTokenLength];
    TextWriter text{Span<char>(bytes)};
    while (text.length() < kTokenLength) text.append(Hex{rng_.next(), 8});
    FixedText<kTokenLength> token;
    token.assign(text.text());
    return token;
  }

  Rng& rng_;
  Session sessions_[kSessions];
};

}  // namespace pb
