# ConvclBuild.cmake: the rooms of src/ as targets, and the flags that all code is built with.
# SPDX-License-Identifier: MIT

add_library(convcl_flags INTERFACE)
target_compile_options(convcl_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wno-sign-conversion
  -Wdouble-promotion -Wwrite-strings -Wformat=2 -Wundef -ffp-contract=off)
if(CONVCL_WERROR)
  target_compile_options(convcl_flags INTERFACE -Werror)
endif()
if(CONVCL_SANITIZE)
  target_compile_options(convcl_flags INTERFACE -fsanitize=${CONVCL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${CONVCL_SANITIZE})
endif()
target_compile_definitions(convcl_flags INTERFACE _POSIX_C_SOURCE=200809L)

# convcl_room(NAME USES room...): an object library of src/NAME/*.c. Its headers are reached as "NAME/header.h", and only by rooms that use it: each room
# gets an include folder of its own that holds nothing but a link to it.
function(convcl_room name)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/rooms/${name})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${name} ${PROJECT_BINARY_DIR}/rooms/${name}/${name} SYMBOLIC COPY_ON_ERROR)
  add_library(convcl_${name} OBJECT ${sources})
  target_include_directories(convcl_${name} PUBLIC ${PROJECT_BINARY_DIR}/rooms/${name} ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
  target_link_libraries(convcl_${name} PRIVATE convcl_flags PUBLIC convcl_opencl_api)
  foreach(room IN LISTS ARG_USES)
    target_link_libraries(convcl_${name} PUBLIC convcl_${room})
  endforeach()
endfunction()

# convcl_internals(TARGET room...): lets a program (a test, the bench) include the headers of rooms. Their code comes with the library.
function(convcl_internals target)
  foreach(room IN LISTS ARGN)
    target_include_directories(${target} PRIVATE $<TARGET_PROPERTY:convcl_${room},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
endfunction()
