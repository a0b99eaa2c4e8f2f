// tdc from C++.
//
//   c++ -std=c++17 example.cpp $(pkg-config --cflags --libs tdc) -o example && ./example tdc.yaml
//
// CMakeLists.txt builds it with find_package(tdc).
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include <tdc.hpp>

namespace {

// Yours come from a key service; this one is for show.
class Keys : public tdc::Host {
  public:
    std::optional<std::string> key(std::string_view id) override {
        std::cout << "the library asks for the key " << id << "\n";
        if (id == "orders-2026-11") {
            return "example-key-example-key-example!";
        }
        return std::nullopt;
    }
};

// A serialised temporal.api.common.v1.Payloads, which your protobuf library writes
// (SerializeAsString): one payload with metadata {"encoding": "json/plain"} and 11 bytes of data.
constexpr std::string_view PAYLOADS = "\x0a\x25\x0a\x16\x0a\x08"
                                      "encoding"
                                      "\x12\x0a"
                                      "json/plain"
                                      "\x12\x0b"
                                      "{\"order\":1}";

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: example CONFIG\n";
        return 2;
    }
    try {
        Keys keys; // must outlive the converter
        const auto converter = tdc::DataConverter::open(argv[1], "orders", &keys);

        const tdc::Buffer encoded = converter.encode(PAYLOADS);
        const tdc::Buffer decoded = converter.decode(encoded.view());
        std::cout << PAYLOADS.size() - 2 << " bytes of payload became " << encoded.size() - 3
                  << ", and came back: " << (decoded.view() == PAYLOADS ? "yes" : "no") << "\n";

        std::string changed = encoded.str();
        changed.back() ^= 1;
        converter.decode(changed);
    } catch (const tdc::Error &error) {
        std::cout << error.name() << (error.transient() ? " (try again later)" : "") << ", payload "
                  << error.payload_index() << ": " << error.what() << "\n";
    }
}
