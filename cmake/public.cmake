# What others may build on: the headers of the public layers, and abi.h, their hash.
foreach(header base/base base/spec base/arith tensor/tensor tensor/partition tape/tape tape/op norm/norm norm/kind)
  list(APPEND public_headers ${PROJECT_SOURCE_DIR}/src/${header}.h)
endforeach()
set(abi_header ${PROJECT_BINARY_DIR}/generated/abi.h)
add_custom_command(OUTPUT ${abi_header}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${abi_header} "-DHEADERS=${public_headers}" -P ${PROJECT_SOURCE_DIR}/cmake/abi.cmake
  DEPENDS ${public_headers} ${PROJECT_SOURCE_DIR}/cmake/abi.cmake VERBATIM)
add_custom_target(abi-header ALL DEPENDS ${abi_header})

# As `#include <normlab/norm.h>`, also before anything is installed.
foreach(header ${public_headers} ${abi_header})
  get_filename_component(name ${header} NAME)
  set(shown ${PROJECT_BINARY_DIR}/include/normlab/${name})
  add_custom_command(OUTPUT ${shown} COMMAND ${CMAKE_COMMAND} -E copy ${header} ${shown} DEPENDS ${header} VERBATIM)
  list(APPEND shown_headers ${shown})
endforeach()
add_custom_target(normlab-shown-headers ALL DEPENDS ${shown_headers})

add_library(normlab-headers INTERFACE)
set(shown $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_include_directories(normlab-headers INTERFACE ${shown}
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include/normlab> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/normlab>)
target_compile_options(normlab-headers INTERFACE -ffp-contract=off) # as in the program
target_compile_features(normlab-headers INTERFACE c_std_11)
if(NOT quadmath)
  target_compile_definitions(normlab-headers INTERFACE NORMLAB_WITHOUT_QUAD)
  set(PC_QUAD " -DNORMLAB_WITHOUT_QUAD")
endif()
add_dependencies(normlab-headers normlab-shown-headers)

# The public layers as a library, for who links the normalizers into a program or a shared object. They are one object,
# in which what no public header declares (which has hidden visibility) is local: it cannot meet a user's names. A plugin
# needs the headers alone: the rest is in the program that loads it.
set(whole ${PROJECT_BINARY_DIR}/normlab-whole.o)
set(localize true)
if(CMAKE_OBJCOPY)
  set(localize ${CMAKE_OBJCOPY} --localize-hidden ${whole})
else()
  message(STATUS "normlab: no objcopy: the library's own names stay global")
endif()
add_custom_command(OUTPUT ${whole}
  COMMAND ${CMAKE_LINKER} -r -o ${whole} ${public_objects}
  COMMAND ${localize}
  DEPENDS ${public_objects} COMMAND_EXPAND_LISTS VERBATIM)
add_library(normlab-library STATIC ${whole})
set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
set_target_properties(normlab-headers PROPERTIES EXPORT_NAME headers)
set_target_properties(normlab-library PROPERTIES OUTPUT_NAME normlab EXPORT_NAME normlab LINKER_LANGUAGE C)
target_link_libraries(normlab-library INTERFACE normlab-headers
  $<LINK_ONLY:PkgConfig::NORMLAB_MD> ${quadmath} m)

# The shared library of normlab.h, for programs in any language: what it exports begins with normlab_.
set(shown_api ${PROJECT_BINARY_DIR}/include/normlab.h)
add_custom_command(OUTPUT ${shown_api}
  COMMAND ${CMAKE_COMMAND} -E copy ${PROJECT_SOURCE_DIR}/src/api/normlab.h ${shown_api}
  DEPENDS ${PROJECT_SOURCE_DIR}/src/api/normlab.h VERBATIM)
set(exported ${PROJECT_SOURCE_DIR}/src/api/exported.map)
add_library(normlab-shared SHARED ${shown_api} $<TARGET_OBJECTS:normlab-api> ${public_objects})
set_target_properties(normlab-shared PROPERTIES OUTPUT_NAME normlab EXPORT_NAME api LINKER_LANGUAGE C
  VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS ${exported} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_include_directories(normlab-shared INTERFACE ${shown})
target_link_options(normlab-shared PRIVATE -Wl,--version-script=${exported})
target_link_libraries(normlab-shared PRIVATE PkgConfig::NORMLAB_MD ${quadmath} m)
add_library(normlab::api ALIAS normlab-shared)
set(page ${PROJECT_BINARY_DIR}/generated/normlab.3)
set(example ${PROJECT_SOURCE_DIR}/src/api/template/example.c)
add_custom_command(OUTPUT ${page}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${page} -DHEADER=${shown_api} -DEXAMPLE=${example} -DVERSION=${PROJECT_VERSION}
          -P ${PROJECT_SOURCE_DIR}/cmake/page.cmake
  DEPENDS ${shown_api} ${example} ${PROJECT_SOURCE_DIR}/cmake/page.cmake VERBATIM)
add_custom_target(normlab-page ALL DEPENDS ${page})

add_library(normlab::headers ALIAS normlab-headers)
add_library(normlab::normlab ALIAS normlab-library)
include(normlab-plugin)
if(NOT NORMLAB_INSTALL)
  return()
endif()

# ---- cmake --install build/release --prefix P ---------------------------------------------------------------------

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/normlab)
file(RELATIVE_PATH PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" PREFIX_FROM_PC ${PREFIX_FROM_PC})
if(quadmath)
  set(PC_QUADMATH " -lquadmath")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/normlab.pc.in ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab.pc @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/cmake/normlab-api.pc.in ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab-api.pc @ONLY)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/generated/normlab-config-version.cmake COMPATIBILITY SameMinorVersion)

if(NORMLAB_PROGRAM)
  install(TARGETS normlab RUNTIME)
  install(FILES ${pages}/normlab.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${pages}/normlab-spec.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
  install(FILES ${pages}/normlab.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME normlab)
  install(FILES ${pages}/_normlab DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()
install(TARGETS normlab-headers normlab-library normlab-shared EXPORT normlab-targets)
install(EXPORT normlab-targets NAMESPACE normlab:: DESTINATION ${package})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/normlab-config.cmake ${PROJECT_SOURCE_DIR}/cmake/normlab-plugin.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab-config-version.cmake DESTINATION ${package})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab.pc ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab-api.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${public_headers} ${abi_header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/normlab)
install(FILES ${PROJECT_SOURCE_DIR}/src/api/normlab.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab.h.3 CONTENT ".so man3/normlab.3\n")
install(FILES ${page} ${CMAKE_CURRENT_BINARY_DIR}/generated/normlab.h.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3)
# What the program reads: scripts of figures, embedded images, published results; and a first plugin and program.
set(share ${CMAKE_INSTALL_DATADIR}/normlab)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/experiments DESTINATION ${share} FILES_MATCHING PATTERN *.gp PATTERN claims.txt)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/data DESTINATION ${share} PATTERN *.py EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/src/norm/template/variant.c ${PROJECT_SOURCE_DIR}/src/norm/template/program.c
  ${example} DESTINATION ${share})
install(FILES ${PROJECT_SOURCE_DIR}/src/api/normlab.py DESTINATION ${share}/python)
foreach(text README.md CHANGELOG.md CONTRIBUTING.md LICENSE)
  install(FILES ${PROJECT_SOURCE_DIR}/${text} DESTINATION ${CMAKE_INSTALL_DOCDIR})
endforeach()
# The book, and beside it what it links to: the code that it is about, and data.
foreach(folder notes figures src experiments tests cmake)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN __pycache__ EXCLUDE)
endforeach()
file(RELATIVE_PATH data ${CMAKE_INSTALL_FULL_DOCDIR} ${CMAKE_INSTALL_FULL_DATADIR}/normlab/data)
install(CODE "set(book \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  execute_process(COMMAND \"\${CMAKE_COMMAND}\" -E create_symlink \"${data}\" \"\${book}/data\")")
