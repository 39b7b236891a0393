#pragma once

#include <mutex>

#include "port/clock.h"
#include "port/posix/board_link.h"
#include "port/posix/posix_network.h"
#include "port/posix/wake_source.h"
#include "port/sntp.h"
#include "port/waker.h"

namespace pb::posix {

/// Asks the time server of the board by messages, which arrive at once in stepped time. The pauses between retries are
/// those of lwIP's client.
class PosixSntp final : public Sntp, public WakeSource {
 public:
  /// How long an answer may take; a later one is ignored. lwIP: SNTP_RECV_TIMEOUT.
  static constexpr Millis kAnswerLimit = 15'000;
  /// The pauses after a question without an answer. lwIP: SNTP_RETRY_TIMEOUT, SNTP_RETRY_TIMEOUT_MAX.
  static constexpr Millis kFirstPause = 15'000;
  static constexpr Millis kLongestPause = 150'000;
  /// The pause after an answer. ESP-IDF: LWIP_SNTP_UPDATE_DELAY.
  static constexpr Millis kUpdateInterval = 3'600'000;

  PosixSntp(const Clock& clock, Waker& waker, PosixNetwork& network, BoardLink& link)
      : clock_(clock), waker_(waker), network_(network), link_(link) {}

  /// The time server has answered. Any thread.
  void answer(int64_t unix_ms);

  bool start(Text server) override;
  void stop() override;
  bool take(SntpTime& time) override;

  void watch(std::vector<pollfd>&) override {}
  Millis deadline() override;

 private:
  void ask(Millis now);

  const Clock& clock_;
  Waker& waker_;
  PosixNetwork& network_;
  BoardLink& link_;
  std::mutex mutex_;
  FixedText<kMaxServer> server_;
  Millis next_question_ = kNever;
  Millis pause_ = kFirstPause;
  Millis answer_end_ = 0;  ///< an answer counts until then; 0: no question
  bool has_time_ = false;
  SntpTime time_;
};

}  // namespace pb::posix
