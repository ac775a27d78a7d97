# What others may build on: the headers of the public layers, and abi.h, their hash.
foreach(header base/base base/spec base/arith tensor/tensor tensor/partition tape/tape tape/op norm/norm norm/kind)
  list(APPEND public_headers ${CMAKE_SOURCE_DIR}/src/${header}.h)
endforeach()
set(abi_header ${CMAKE_BINARY_DIR}/generated/abi.h)
add_custom_command(OUTPUT ${abi_header}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${abi_header} "-DHEADERS=${public_headers}" -P ${CMAKE_SOURCE_DIR}/cmake/abi.cmake
  DEPENDS ${public_headers} ${CMAKE_SOURCE_DIR}/cmake/abi.cmake VERBATIM)
add_custom_target(abi-header ALL DEPENDS ${abi_header})
