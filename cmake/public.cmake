# What others may build on: the headers of the public layers, and abi.h, their hash.
foreach(header base/base base/spec base/arith tensor/tensor tensor/partition tape/tape tape/op norm/norm norm/kind)
  list(APPEND public_headers ${PROJECT_SOURCE_DIR}/src/${header}.h)
endforeach()
set(abi_header ${PROJECT_BINARY_DIR}/generated/abi.h)
add_custom_command(OUTPUT ${abi_header}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${abi_header} "-DHEADERS=${public_headers}" -P ${PROJECT_SOURCE_DIR}/cmake/abi.cmake
  DEPENDS ${public_headers} ${PROJECT_SOURCE_DIR}/cmake/abi.cmake VERBATIM)
add_custom_target(abi-header ALL DEPENDS ${abi_header})

# The program's public layers as a library, for who links the normalizers into a program of their own. A plugin needs
# the headers alone: the rest is in the program that loads it.
add_library(normlab-headers INTERFACE)
target_include_directories(normlab-headers INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/normlab>)
target_compile_options(normlab-headers INTERFACE -ffp-contract=off) # as in the program
target_compile_features(normlab-headers INTERFACE c_std_11)
add_library(normlab-library STATIC ${public_objects})
set_target_properties(normlab-headers PROPERTIES EXPORT_NAME headers)
set_target_properties(normlab-library PROPERTIES OUTPUT_NAME normlab EXPORT_NAME normlab LINKER_LANGUAGE C)
target_link_libraries(normlab-library INTERFACE normlab-headers PkgConfig::MD PkgConfig::BLAS ${quadmath} m)
add_dependencies(normlab normlab-library) # so that what `./normlab` builds can be installed

# ---- cmake --install build/release --prefix P ---------------------------------------------------------------------

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/normlab)
file(RELATIVE_PATH PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" PREFIX_FROM_PC ${PREFIX_FROM_PC})
if(quadmath)
  set(PC_QUADMATH " -lquadmath")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/normlab.pc.in generated/normlab.pc @ONLY)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/generated/normlab-config-version.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS normlab RUNTIME)
install(TARGETS normlab-headers normlab-library EXPORT normlab-targets ARCHIVE)
install(EXPORT normlab-targets NAMESPACE normlab:: DESTINATION ${package})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/normlab-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab-config-version.cmake DESTINATION ${package})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${public_headers} ${abi_header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/normlab)
# What the program reads: scripts of figures, embedded images, published results; and a first plugin.
set(share ${CMAKE_INSTALL_DATADIR}/normlab)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/experiments DESTINATION ${share} FILES_MATCHING PATTERN *.gp)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/data DESTINATION ${share} PATTERN *.py EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/src/norm/template/variant.c DESTINATION ${share})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
