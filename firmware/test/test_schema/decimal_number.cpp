#include "features/schema/decimal_number.h"

#include <unity.h>

#include "suites.h"

using namespace pb;

namespace {

DecimalNumber number(const char* text) {
  DecimalNumber result;
  for (; *text != '\0'; ++text) result.feed(*text);
  return result;
}

void compares_the_exact_value_with_a_bound() {
  const struct {
    const char* text;
    int16_t bound;
    int order;
  } cases[] = {
      // Zero and signs.
      {"0", 0, 0},
      {"-0.0e9", 0, 0},
      {"0", 1, -1},
      {"0", -1, 1},
      {"1", -1, 1},
      {"-1", 1, -1},
      {"1e-400", 0, 1},
      {"-1e-400", 0, -1},
      {"-2", -1, -1},
      {"-1", -2, 1},
      {"-32768", -32768, 0},
      {"-32769", -32768, -1},
      // The scale.
      {"12", 12, 0},
      {"0012e+2", 1200, 0},
      {"1200E-2", 12, 0},
      {"0.12e2", 12, 0},
      {"11.9", 12, -1},
      {"12.1", 12, 1},
      {"1e1", 12, -1},
      {"2e1", 12, 1},
      {"1e123456789012345678901", 32767, 1},
      {"1e-123456789012345678901", 1, -1},
      {"-1e4294967296", -32768, -1},
      {"0e4294967296", 1, -1},
      // More digits than 64 bits have.
      {"12.00000000000000000000000000000", 12, 0},
      {"12.00000000000000000000000000001", 12, 1},
      {"-12.00000000000000000000000000001", -12, -1},
      {"11.99999999999999999999999999999", 12, -1},
      {"1.8000000000000000000", 3, -1},
      {"1.8000000000000000000", 1, 1},
      {"12345678901234567890123e-22", 1, 1},
      {"12345678901234567890123e-22", 2, -1},
      {"120000000000000000000000000000e-28", 12, 0},
      {"120000000000000000000000000001e-28", 12, 1},
      {"0.00000000000000000000000000012e28", 1, 1},
      {"18446744073709551617", 1, 1},
  };
  for (const auto& each : cases) {
    const int order = number(each.text).compare(each.bound);
    TEST_ASSERT_EQUAL_INT_MESSAGE(each.order, (order > 0) - (order < 0), each.text);
  }
}

void knows_the_powers_of_ten_that_divide_a_number() {
  const struct {
    const char* text;
    int power;  // the highest one that divides it
  } cases[] = {
      {"1", 0},
      {"-120", 1},
      {"10203000", 3},
      {"1.50", -1},
      {"100.0", 2},
      {"100.001", -3},
      {"100e-1", 1},
      {"0.02E+5", 3},
      {"1000000000000000000000000000000", 30},
      {"1000000000000000000000000000001", 0},
      {"1e4294967296", 1'000'000'000},
      {"1e-4294967296", -1'000'000'000},
  };
  for (const auto& each : cases) {
    TEST_ASSERT_TRUE_MESSAGE(number(each.text).is_multiple_of_power(each.power), each.text);
    TEST_ASSERT_FALSE_MESSAGE(number(each.text).is_multiple_of_power(each.power + 1), each.text);
  }
  TEST_ASSERT_TRUE(number("0.000").is_multiple_of_power(18));
}

}  // namespace

void run_decimal_number_tests() {
  RUN_TEST(compares_the_exact_value_with_a_bound);
  RUN_TEST(knows_the_powers_of_ten_that_divide_a_number);
}
