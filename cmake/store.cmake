# What layers of the program stand on: GSL, HDF5 (serial) and the header that says what was built.
#   layer(store SEES base tensor LINKS hdf5 provenance ZLIB::ZLIB gsl)

# GSL with its own BLAS, which gives the same bits on every processor.
add_library(normlab-gsl INTERFACE)
target_include_directories(normlab-gsl SYSTEM INTERFACE ${NORMLAB_GSL_INCLUDE_DIRS})
target_link_directories(normlab-gsl INTERFACE ${NORMLAB_GSL_LIBRARY_DIRS})
target_link_libraries(normlab-gsl INTERFACE ${NORMLAB_GSL_LIBRARIES})

# Of the libraries that HDF5 itself was linked with, none is called from here.
set(hdf5_libraries ${HDF5_C_HL_LIBRARIES} ${HDF5_C_LIBRARIES})
list(FILTER hdf5_libraries INCLUDE REGEX "hdf5")
add_library(normlab-hdf5 INTERFACE)
target_include_directories(normlab-hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(normlab-hdf5 INTERFACE ${hdf5_libraries})

get_directory_property(options COMPILE_OPTIONS)
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
set(provenance_header ${PROJECT_BINARY_DIR}/generated/provenance_build.h)
add_custom_target(provenance-header
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DOUTPUT=${provenance_header}
          -DVERSION=${PROJECT_VERSION} "-DCOMPILER=${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}"
          "-DFLAGS=${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}} ${options}" "-DTYPE=${CMAKE_BUILD_TYPE}"
          -P ${PROJECT_SOURCE_DIR}/cmake/provenance.cmake
  BYPRODUCTS ${provenance_header} COMMENT "Looking at the checkout" VERBATIM)
add_library(normlab-provenance INTERFACE)
target_include_directories(normlab-provenance INTERFACE ${PROJECT_BINARY_DIR}/generated)
add_dependencies(normlab-provenance provenance-header)
